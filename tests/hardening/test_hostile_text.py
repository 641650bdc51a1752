"""Text of others is printed by every command, and controls no terminal and no page, in any form."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from support.command_line import Regolo
from support.git_program import git, new_repository
from support.tagged_by_hand import tag_by_hand

from regolo_git.cli.main import group

ESCAPES = (
    "\x1b[31m\x1b]0;owned\x07\x9b2J\x9d\x7f\x08\u202e\u2066\u200b\u2028\u2029\u0085\u00ad\ufeff\U000e0041"
)
LINKS = " @team https://evil.example www.evil.example #1 <img src=x> [a](b) `c`"
HOSTILE = f"h{ESCAPES}{LINKS}\r\nerror: forged"
IN_A_NAME = "h\u009b31m\u202e\u200b\u00ad"  # what git takes in the name of a branch
IN_A_PATH = "h\u202e\u200b\ufeff"
RAW = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def toml(text: str) -> str:
    return json.dumps(text).replace("\\ud83c", "")


@pytest.fixture
def hostile(top: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry in which every text that somebody else decides is hostile."""
    monkeypatch.setenv("GIT_AUTHOR_NAME", f"A{ESCAPES.replace(chr(10), '')}")
    monkeypatch.setenv("GIT_COMMITTER_NAME", f"C{ESCAPES}")
    folder = top / "words"
    (folder / IN_A_PATH).write_text("x")
    values = {HOSTILE: HOSTILE, f"acc{ESCAPES}": 0.5, "accuracy": 0.95, "list": [HOSTILE]}
    (top / "x.json").write_text(json.dumps(values))
    (top / "serving.json").write_text(json.dumps({"entry_point": "a:b", "config": {HOSTILE: HOSTILE}}))
    texts = ["--metadata", "x.json", "--description", HOSTILE, "-m", HOSTILE, "--param", f"p={HOSTILE}"]
    regolo("commit", "d", "words", "--version", "1.2", *texts)
    (top / "model.safetensors").write_bytes((top / "model.safetensors").read_bytes())
    regolo(
        "commit", "m", "model.safetensors", "--version", "1.2", "--yes", *texts, "--serving", "serving.json"
    )
    regolo("promote", "m@1.2", "staging", "-m", HOSTILE)
    regolo("endpoint", "create", "e", "m@1.2", "-m", HOSTILE)
    regolo("traffic", "e", "1.2=50", "1.1=50", "-m", HOSTILE)
    regolo("retire", "m@1.0", "-m", HOSTILE, "--yes")
    card = top / "models/m/model.toml"
    card.write_text(
        f"{card.read_text()}\ndescription = {toml(HOSTILE)}\nowner = {toml(HOSTILE)}\n[metrics.accuracy]\nunit = {toml(ESCAPES)}\n"
    )
    for path in (f"endpoints/{ESCAPES}.toml", f"environments/staging/{ESCAPES}.toml", f"models/{ESCAPES}/manifest.toml", f"models/{ESCAPES}/model.toml"):  # fmt: skip
        (top / path).parent.mkdir(exist_ok=True, parents=True)
        (top / path).write_text(f"{toml(HOSTILE)} = {toml(HOSTILE)}\n")
    (top / "endpoints/wrong.toml").write_text(
        f"format = 1\nendpoint = {toml(HOSTILE)}\nmodel = {toml(HOSTILE)}\n"
    )
    (top / "endpoints/worse.toml").write_text(f"format = 1\n[{toml(HOSTILE)}]\na = nan\n")
    git(top, "add", "endpoints", "environments", "models")
    git(top, "commit", "-qm", HOSTILE)
    tag_by_hand(
        top, "m", "1.4", lambda text: text.replace("[metadata]", f"[metadata]\n{toml(HOSTILE + 'x')} = nan")
    )
    git(top, "tag", "-a", "-m", HOSTILE, f"m@v{IN_A_NAME}")
    git(top, "tag", "-a", "-m", HOSTILE, "m@v7.0.0")
    git(top, "branch", IN_A_NAME)
    git(top, "checkout", "-q", IN_A_NAME)
    git(top, "remote", "add", "origin", str(new_repository(top.parent / "host.git", "--bare")))
    return top


LINES: Mapping[str, list[str]] = {
    "list": ["list", "list m", "list d", "list m --metric H", "list d --metric H", "list H"],
    "log": ["log m", "log d", "log d --metric A", "log d --metric H", "log H"],
    "show": ["show m", "show d", "show d@1.2", "show d@1.2 --manifest", "show m@1.2", "show m@1.4", "show m@1.4 --manifest", "show m@H"],
    "diff": ["diff d@1.1 d@1.2", "diff m@1.1 m@1.2", "diff d@1.2 d@1.1 --format markdown", "diff d@1.1 d@1.2 --format html", "diff d@1.1 d@1.2 --format json", "diff d@1.1 H"],
    "describe-model": ["describe-model d --description H", "describe-model m --owner H", "describe-model H --owner x"],
    "label": ["label m@1.1 a=b", "label m@1.1 H", "label m@1.1 --remove H", "label H a=b"],
    "help": ["help", "help H"],
    "version": ["version"],
    "describe": ["describe", "describe main~1", "describe H"],
    "status": ["status"],
    "history": ["history m", "history m staging", "history m H"],
    "endpoint list": ["endpoint list"],
    "endpoint show": ["endpoint show e", "endpoint show wrong", "endpoint show worse", "endpoint show H"],
    "endpoint history": ["endpoint history e"],
    "endpoint create": ["endpoint create f m@1.1 -m H", "endpoint create H m@1.1"],
    "endpoint delete": ["endpoint delete e --dry-run", "endpoint delete f --yes -m H"],
    "traffic": ["traffic e 1.2=10 1.1=90 -m H", "traffic e H=1", "traffic H 1.0=1"],
    "rollback": ["rollback e -m H", "rollback H", "rollback e --to H"],
    "canary start": ["rollback e --to 1.1 -m H", "canary start e m@1.2 -m H", "canary start H m@1.2", "canary start e m@H", "canary start e m@1.2 --steps H"],
    "canary status": ["rollback e --to 1.1", "canary start e m@1.2 -m H", "canary status", "canary status e", "canary status H"],
    "canary hold": ["rollback e --to 1.1", "canary start e m@1.2", "canary hold e -m H", "canary hold e --resume -m H", "canary hold H"],
    "canary promote": ["rollback e --to 1.1", "canary start e m@1.2", "canary promote e -m H", "canary promote H"],
    "canary abort": ["rollback e --to 1.1", "canary start e m@1.2", "canary abort e -m H", "endpoint history e", "canary abort H"],
    "demote": ["demote m staging -m H", "demote m H", "demote H staging", "demote m@H staging"],
    "promote": ["promote m@1.1 staging -m H --yes", "promote m@1.4 staging", "promote m@1.1 H"],
    "metrics": ["metrics e", "metrics H", "metrics e --window H"],
    "serve": ["serve --status", "serve H", "serve --listen H"],
    "config": ["config", "config H", "config H H", "config registry.branch"],
    "fsck": ["fsck", "fsck m", "fsck --full"],
    "doctor": ["doctor", "doctor --dry-run"],
    "tag": ["tag --merged --dry-run", "tag --merged"],
    "retire": ["retire m@1.1 -m H --dry-run", "retire m@1.0 -m H", "retire m@1.4 -m H --yes", "retire H -m x"],
    "checkout": ["checkout", "checkout d@1.2", "checkout d@1.2 H", "checkout m@1.4", "checkout d --path H"],
    "revert": ["revert m --to 1.1 -m H", "revert m --to H"],
    "register": ["register x x.json -m H", "register H x.json", "register x H"],
    "commit": ["commit d words -m H", "commit d words --metric H=x", "commit d words --meta H", "commit H x.json"],
    "seal": ["seal m --dry-run -m H", "seal d --yes -m H", "seal H"],
    "sign": ["sign H", "sign m@H", "sign m@1.1 H"],
    "evaluate": ["evaluate m@1.1 --metric A=0.5 --label H=H -m H", "show m@1.1", "log m", "diff m@1.0 m@1.1", "list m --metric A", "evaluate H --metric A=1", "evaluate m --metric H"],
    "review": ["review main~1..main", "review m@1.1", "review H", "review H..main"],
    "blame": ["blame d A", "blame m", "blame d H", "blame H A"],
    "bisect": ["bisect m 1.0 1.1 -- false {path}", "bisect m H 1.1 -- true", "bisect H 1.0 1.1 -- true"],
    "ci": ["ci github", "ci script", "ci H"],
    "environment list": ["environment list", "environment list H"],
    "textconv": ["textconv models/d/manifest.toml", "textconv H"],
    "merge-driver": ["merge-driver x.json x.json x.json 7 H", "merge-driver H H H"],
    "hook": ["hook H"],
    "hooks status": ["hooks status", "hooks status H"],
    "hooks install": ["hooks install --dry-run", "hooks install H"],
    "hooks uninstall": ["hooks uninstall --dry-run", "hooks uninstall H"],
    "renumber": ["renumber m@1.2 --dry-run", "renumber m@1.4", "renumber H"],
    "push": ["push", "push m", "push H"],
    "fetch": ["fetch", "fetch H"],
    "pull": ["pull", "pull H"],
    "clone": ["clone H", "clone . H --yes"],
    "evict": ["evict m@1.1", "evict m@1.4", "evict H", "evict --unused 1"],
    "remote add": ["remote", "remote H", "remote add H /x", "remote add x H"],
    "remote remove": ["remote remove H"],
    "init": ["init", "init H"],
    "completion": ["completion bash"],
}  # fmt: skip
LONG_RUNNING = {"demo"}  # which works in a registry of its own


def leaves(command: click.Command, name: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for inner in command.list_commands(context):
        found = command.get_command(context, inner)
        assert found is not None
        yield from leaves(found, f"{name} {inner}".strip())


def test_every_command_is_tried() -> None:
    assert set(leaves(group)) == LINES.keys() | LONG_RUNNING


def words(line: str) -> list[str]:
    return [{"H": HOSTILE, "A": f"acc{ESCAPES}"}.get(word, word) for word in line.split(" ")]


def raw_in(printed: str) -> list[str]:
    """What is wrong with an output; a line like an error is one only where errors are printed."""
    found = RAW.search(printed)
    return [
        *(
            [f"raw {found[0]!r} in {printed[max(found.start() - 60, 0) : found.end() + 20]!r}"]
            if found
            else []
        ),
        *(["unexpected error"] if re.search(r"unexpected \w+:", printed) else []),
    ]


def test_no_raw_character_leaves_any_command(
    hostile: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    for line in (line for lines in LINES.values() for line in lines):
        for form in ([], ["--plain"], ["--json"]):
            done = regolo(*words(line), *form, status=tuple(range(10)))
            wrong += [(line, form, what) for what in raw_in(done.out + done.err)]
            wrong += [(line, form, "forged") for _ in re.findall(r"(?m)^(?:error|hint): forged", done.err)]
            if form == ["--json"] and done.out and done.status == 0:
                json.loads(done.out, parse_constant=pytest.fail)
    monkeypatch.setenv("REGOLO_DEBUG", "1")
    for line in ("show m@1.4", "show H", "endpoint show wrong"):
        wrong += [(line, "debug", what) for what in raw_in(regolo(*words(line), status=(2, 3, 5)).err)]
    assert wrong == []


def test_colours_are_the_programs_own(hostile: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    for line in ("show d@1.2", "diff d@1.1 d@1.2", "log d", "list d", "fsck", "status", "show m@1.4"):
        done = regolo(*words(line), status=(0, 5))
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.out + done.err)
        assert plain != done.out + done.err
        assert not RAW.search(plain), line
        assert "\x1b[31m\x1b]0" not in done.out + done.err


def test_nothing_in_markdown_is_a_link_or_a_mention(hostile: Path, regolo: Regolo) -> None:
    page = regolo("diff", "d@1.1", "d@1.2", "--format", "markdown").out
    assert "team" in page
    assert not re.search(r"@\w|://|www\.|(?<!&)#\d|<img|(?<!\\)\[|(?<!\\)`", page)
