"""Hints: one value, two faces."""

import inspect
import re
import traceback

import click
import pytest

import regolo_git
from regolo_git.cli.main import group
from regolo_git.errors import NotFound
from regolo_git.hints import Corrected, Hint, in_python, on_command_line

PAIRS = [
    (Hint("init"), "git regolo init", "regolo.init()"),
    (Hint("list"), "git regolo list", "regolo.list_models()"),
    (Hint("list", "m"), "git regolo list m", 'regolo.list_model_versions("m")'),
    (Hint("show", "m@1.0"), "git regolo show m@1.0", 'regolo.get_model_version("m", "1.0")'),
    (Hint("show", "m"), "git regolo show m", 'regolo.get_model_version("m")'),
    (Hint("show", "main:m"), "git regolo show main:m", 'regolo.get_model_version("m", rev="main")'),
    (Hint("register", "m", "PATH"), "git regolo register m PATH", 'regolo.register_model("m", PATH)'),
    (
        Hint("commit", "m", "PATH"),
        "git regolo commit m PATH",
        'regolo.create_model_version("m", model_data=PATH)',
    ),
    (
        Hint("checkout", "m@1.0", "DEST"),
        "git regolo checkout m@1.0 DEST",
        'regolo.checkout_model_version("m", "1.0", DEST)',
    ),
    (
        Hint("evaluate", "m@1.0", "--metric", "f1=VALUE"),
        "git regolo evaluate m@1.0 --metric f1=VALUE",
        'regolo.evaluate_model_version("m", "1.0", metrics={"f1": VALUE})',
    ),
    (Hint("sign", "m@1.0"), "git regolo sign m@1.0", 'regolo.sign_model_version("m", "1.0")'),
    (
        Hint("promote", "m@1.0", "staging"),
        "git regolo promote m@1.0 staging",
        'regolo.promote_model_version("m", "1.0", "staging")',
    ),
    (
        Hint("revert", "m", "--to", "1.0"),
        "git regolo revert m --to 1.0",
        'regolo.rollback_model("m", "1.0")',
    ),
    (
        Hint("retire", "m@1.0", "-m", "REASON"),
        "git regolo retire m@1.0 -m REASON",
        'regolo.retire_model_version("m", "1.0", reason=REASON)',
    ),
    (
        Hint("traffic", "e", "--shadow", "none"),
        "git regolo traffic e --shadow none",
        'regolo.update_endpoint_traffic("e", None, shadow={})',
    ),
    (
        Hint("traffic", "e", "1.0=90", "1.1=10"),
        "git regolo traffic e 1.0=90 1.1=10",
        'regolo.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})',
    ),
    (Hint("push"), "git regolo push", "regolo.push()"),
    (Hint("fetch"), "git regolo fetch", "regolo.fetch()"),
    (Hint("evict", "m@1.0"), "git regolo evict m@1.0", 'regolo.evict("m", "1.0")'),
    (Hint("evict", "--unused", "30"), "git regolo evict --unused 30", "regolo.evict(unused_days=30)"),
    (
        Hint("diff", "m@1.0", "1.1"),
        "git regolo diff m@1.0 1.1",
        'regolo.compare_model_versions("m", "1.0", "1.1")',
    ),
    (Hint("diff", "main..HEAD"), "git regolo diff main..HEAD", 'regolo.compare_revisions("main", "HEAD")'),
    (Hint("blame", "m", "f1"), "git regolo blame m f1", 'regolo.blame_metric("m", "f1")'),
    (Hint("history", "m"), "git regolo history m", 'regolo.get_promotion_history("m")'),
    (Hint("metrics", "e"), "git regolo metrics e", 'regolo.get_endpoint_metrics("e")'),
    (Hint("endpoint history", "e"), "git regolo endpoint history e", 'regolo.get_endpoint_history("e")'),
    (Hint("push", "m"), "git regolo push m", 'regolo.push("m")'),
    (Hint("push", "--yes"), "git regolo push --yes", "regolo.push(yes=True)"),
    (Hint("rollback", "e"), "git regolo rollback e", 'regolo.rollback_endpoint("e")'),
    (
        Hint("canary start", "e", "m@1.1", "--unmerged"),
        "git regolo canary start e m@1.1 --unmerged",
        'regolo.start_canary("e", "1.1", unmerged=True)',
    ),
    (
        Hint("canary hold", "e", "--resume"),
        "git regolo canary hold e --resume",
        'regolo.hold_canary("e", resume=True)',
    ),
    (
        Hint("rollback", "e", "--to", "VERSION"),
        "git regolo rollback e --to VERSION",
        'regolo.rollback_endpoint("e", to_version=VERSION)',
    ),
    (
        Hint("config", "store.url", "s3://models/team"),
        "git regolo config store.url s3://models/team",
        'regolo.confirm_store("s3://models/team")',
    ),
    (Hint("endpoint list"), "git regolo endpoint list", "regolo.list_endpoints()"),
    (Hint("endpoint show", "e"), "git regolo endpoint show e", 'regolo.get_endpoint("e")'),
]


@pytest.mark.parametrize(("hint", "line", "call"), PAIRS, ids=str)
def test_a_hint_reads_as_a_command_and_as_a_call(hint: Hint, line: str, call: str) -> None:
    assert str(hint) == line
    assert in_python(hint) == call


@pytest.mark.parametrize(("hint", "line", "call"), PAIRS, ids=str)
def test_every_name_in_a_hint_exists(hint: Hint, line: str, call: str) -> None:
    command: click.Command | None = group
    for word in hint.command.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    name = re.match(r"regolo\.(\w+)\(", call)
    assert name is not None
    function = getattr(regolo_git, name[1])
    placeholders = {word: word for word in re.findall(r"\b[A-Z]{2,}\b", call)}
    values = eval(f"collect{call.removeprefix(f'regolo.{name[1]}')}", {"collect": collect, **placeholders})
    inspect.signature(function).bind(*values[0], **values[1])


def collect(*args: object, **kwargs: object) -> tuple[tuple[object, ...], dict[str, object]]:
    return args, kwargs


def test_a_corrected_line_is_known_to_the_command_line_only() -> None:
    hint = Corrected("mm", "m", Hint("show", "m"))
    assert (in_python(hint), on_command_line(hint)) == ('regolo.get_model_version("m")', "git regolo show m")


@pytest.mark.parametrize(
    "hint",
    [Hint("fsck"), Hint("diff", "main...HEAD"), Hint("retire", "m@1.0"), Hint("rollback", "e", "--x", "1")],
)
def test_a_step_without_a_python_call_stays_a_command(hint: Hint) -> None:
    assert in_python(hint) == str(hint)


def test_plain_text_reads_the_same_in_both() -> None:
    assert in_python("git fetch --tags") == on_command_line("git fetch --tags") == "git fetch --tags"
    assert on_command_line(None) is None


def test_an_uncaught_error_shows_its_hint_in_pythons_words() -> None:
    error = NotFound("there is no model 'x'", Hint("list"))
    assert traceback.format_exception(error)[-1] == "hint: regolo.list_models()\n"


def test_an_error_without_a_hint_shows_none() -> None:
    assert not hasattr(NotFound("there is no model 'x'"), "__notes__")
