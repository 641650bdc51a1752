"""Values in, values out: what is accepted can be read, and what cannot be read stops nothing else."""

import json
import re
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.everything import Everything
from support.git_program import git
from support.refusals import refusal, refuse
from support.tagged_by_hand import tag_by_hand

pytestmark = pytest.mark.slow  # CI runs it, too

CURVE = [i / 7 for i in range(250_000)]
TOO_LARGE = {
    "a curve": ({"acc": 1, "log": {"curve": CURVE}}, "metadata.log.curve"),
    "a long text": ({"notes": "x" * (5 << 20)}, "metadata.notes"),
    "many small values": ({"steps": {f"k{i}": i for i in range(260_000)}}, "metadata.steps"),
    "text of several bytes a character": ({"notes": "é" * (3 << 20)}, "metadata.notes"),
    "what is escaped": ({"notes": "\x01" * (1 << 20)}, "metadata.notes"),
}


def write_json(top: Path, name: str, value: object) -> str:
    (top / name).write_text(json.dumps(value))
    return name


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_a_manifest_that_nobody_could_read_is_refused_before_anything_is_stored(
    top: Path, regolo: Regolo, kind: str
) -> None:
    values, key = TOO_LARGE[kind]
    file = write_json(top, "x.json", values)
    (top / "model.safetensors").write_bytes(b"other bytes")
    before = Everything.of(top)
    for line in (["commit", "m", "--propose"], ["register", "new"]):
        said = refusal(regolo(*line, "model.safetensors", "--metadata", file, status=2).err)
        assert f"'{key}' takes " in said.message
        assert "4194304" in said.message
    before.must_be(top)


def test_a_serving_block_is_measured_too(top: Path, regolo: Regolo) -> None:
    serving = write_json(top, "x.json", {"entry_point": "a:b", "config": {"vocabulary": ["x" * 80] * 60_000}})
    line = ["commit", "m", "model.safetensors", "--serving", serving, "--yes"]
    refuse(regolo, top, 2, r"'serving\.config\.vocabulary' takes \d+", line)


@pytest.fixture
def unreadable(top: Path) -> Path:
    """`m@1.2` is larger than a manifest can be, as the first release wrote it; `m@1.3` is like 1.1 again."""
    readable = (top / "models/m/manifest.toml").read_text()
    tag_by_hand(top, "m", "1.2", lambda text: f"{text}curve = {CURVE}\n")
    tag_by_hand(top, "m", "1.3", lambda _: readable.replace('version = "1.1"', 'version = "1.3"'))
    return top


def test_a_version_that_cannot_be_read_stops_no_other(unreadable: Path, regolo: Regolo) -> None:
    listed = regolo("list", "m", "--metric", "accuracy", "--plain")
    assert [line.split("\t")[-1] for line in listed.lines] == ["0.92", "", "0.92", "0.9"]
    assert listed.err.count("the manifest is larger than 4194304 bytes") == 1
    assert "git regolo retire m@1.2 -m" in listed.err
    metrics = [line["metrics"] for line in regolo("list", "m", "--metric", "accuracy", "--json").document]  # type: ignore[attr-defined]
    assert metrics == [{"accuracy": 0.92}, {"accuracy": None}, {"accuracy": 0.92}, {"accuracy": 0.9}]
    assert "m@1.3" in regolo("log", "m").out
    assert "0.92" in regolo("log", "m", "--metric", "accuracy").out
    regolo("log", "m", "--json")
    for line in (
        ["list"], ["list", "m"], ["status"], ["show", "m"], ["show", "m@1.3"], ["diff", "m@1.1", "m@1.3"],
        ["checkout", "m@1.0"], ["checkout", "m"], ["history", "m"], ["describe"], ["promote", "m@1.0", "staging"],
        ["revert", "m", "--to", "1.0"], ["commit", "m", "model.safetensors", "--metric", "accuracy=1", "--yes"],
        ["retire", "m@1.1", "-m", "old", "--yes"],
    ):  # fmt: skip
        regolo(*line)


def test_a_version_that_cannot_be_read_is_named_with_what_helps(unreadable: Path, regolo: Regolo) -> None:
    for line in (["show", "m@1.2"], ["checkout", "m@1.2"], ["diff", "m@1.0", "m@1.2"], ["promote", "m@1.2", "staging"]):  # fmt: skip
        said = refusal(regolo(*line, status=5).err)
        assert "tag 'm@v1.2': the manifest is larger than 4194304 bytes" in said.message
        assert said.hint == "git regolo retire m@1.2 -m 'its manifest cannot be read'"
    assert regolo("show", "m@1.2", "--manifest").out == git(
        unreadable, "show", "m@v1.2:models/m/manifest.toml"
    )
    checked = regolo("fsck", status=5)
    assert "git regolo retire m@1.2 -m" in checked.out + checked.err
    assert "git fetch" not in checked.out + checked.err
    regolo("retire", "m@1.2", "-m", "its manifest cannot be read", "--yes")
    regolo("fsck")
    assert "retired" in regolo("list", "m").out


def test_the_branch_is_freed_of_a_manifest_that_cannot_be_read(top: Path, regolo: Regolo) -> None:
    tag_by_hand(top, "m", "1.2", lambda text: f"{text}curve = {CURVE}\n")
    for line in (
        ["list", "m"],
        ["log", "m"],
        ["status"],
        ["show", "m@1.1"],
        ["checkout", "d"],
        ["show", "d"],
    ):
        regolo(*line)
    assert refusal(regolo("commit", "m", "model.safetensors", "--yes", status=5).err).hint
    regolo("retire", "m@1.2", "-m", "its manifest cannot be read", "--yes")
    regolo("revert", "m", "--to", "1.1")
    regolo("commit", "m", "model.safetensors", "--yes")
    assert "m@1.3" in regolo("show", "m").out


@pytest.mark.parametrize(
    "value", ["nan", "-nan", "inf", "+inf", "-inf", "9223372036854775808", "0x8000000000000000"]
)
@pytest.mark.parametrize(
    "place",
    [
        "[metrics]\naccuracy = {}",
        "[metrics]\naccuracy = {{ value = {}, n = 9 }}",
        "[metadata]\nlist = [1, {{ deep = [{}] }}]",
        "[metadata]\nk.deep = {}",
    ],
    ids=["metric", "measurement", "list", "table"],
)
def test_a_number_that_a_manifest_cannot_hold_is_found_in_one_edited_by_hand(
    top: Path, regolo: Regolo, value: str, place: str
) -> None:
    path = top / "models/m/manifest.toml"
    text = path.read_text().replace('version = "1.1"', 'version = "1.2"')
    path.write_text(re.sub(r"\[metrics\]\naccuracy = .*", place.format(value), text))
    git(top, "commit", "-qam", "by hand")
    said = regolo("tag", "--merged", status=5)
    assert re.search(
        r"'(metrics\.accuracy(\.value)?|metadata\.(list\.1\.deep\.0|k\.deep))' in the manifest ",
        said.out + said.err,
    )
    assert not git(top, "tag", "--list", "m@v1.2")
    assert "the manifest" in regolo("fsck", status=5).out


def test_a_number_that_no_json_has_is_printed_nowhere(top: Path, regolo: Regolo) -> None:
    tag_by_hand(top, "m", "1.2", lambda text: re.sub(r"accuracy = .*", "accuracy = nan", text))
    for line in (["list", "m", "--metric", "accuracy"], ["log", "m"], ["list"], ["status"]):
        assert regolo(*line, "--json").document is not None
    for line in (["show", "m"], ["diff", "m@1.1", "m@1.2"], ["commit", "m", "--from", "1.2", "--yes"]):
        said = refusal(regolo(*line, status=5).err)
        assert "'metrics.accuracy' in the manifest is nan, not a finite number" in said.message


@pytest.mark.parametrize(
    ("path", "line", "command"),
    [
        ("models/m/model.toml", "[metrics.accuracy]\ntolerance_abs = inf", ["diff", "m@1.0", "m@1.1"]),
        ("models/m/model.toml", "[metrics.accuracy]\nunknown = nan", ["diff", "m@1.0", "m@1.1"]),
        (".regolo/config.toml", "[environments.later]\nreplicas = 18446744073709551616", ["promote", "m@1.0", "staging"]),
        ("endpoints/e.toml", "later = nan", ["endpoint", "show", "e"]),
        ("environments/staging/m.toml", "later = -inf", ["show", "m@staging"]),
        ("models/m/retired.toml", '"1.0" = { when = 2026-01-02T03:04:05Z, who = "A", reason = "x", later = nan }', ["retire", "m@1.1", "-m", "x", "--yes"]),
    ],
)  # fmt: skip
def test_the_other_records_are_read_with_the_same_limits(
    top: Path, regolo: Regolo, path: str, line: str, command: list[str]
) -> None:
    regolo("promote", "m@1.0", "staging")
    regolo("endpoint", "create", "e", "m@1.0")
    regolo("retire", "d@1.0", "-m", "x", "--yes")
    if path.endswith("retired.toml"):
        (top / path).write_text(f"format = 1\n\n[retired]\n{line}\n")
    else:
        text = (top / path).read_text()
        first = "" if line.startswith("[") else f"{line}\n"
        (top / path).write_text(first + text + ("" if first else f"\n{line}\n"))
    git(top, "add", ".")
    git(top, "commit", "-qm", "by hand")
    key = line.rsplit("\n", 1)[-1].split(" = ", 1)[0].strip('"')
    said = refusal(regolo(*command, status=5).err)
    assert re.search(rf"'[^']*{re.escape(key)}[^']*' in ", said.message)
    assert re.search(r"not a finite number|64-bit", said.message)


# -- places of git and of records -------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".github/workflows/ci.yml", ".gitmodules", "models/m/retired.toml", "endpoints/new.toml", "environments/staging/m.toml", ".GITHUB/x"])  # fmt: skip
def test_a_manifest_cannot_make_a_checkout_write_a_record(top: Path, regolo: Regolo, place: str) -> None:
    tag_by_hand(top, "m", "1.2", lambda text: text.replace('path = "model.safetensors"', f'path = "{place}"'))
    for line in (["checkout", "m@1.2"], ["checkout"], ["checkout", "m@1.2", "elsewhere"], ["show", "m@1.2"]):
        said = refusal(regolo(*line, status=5).err)
        assert f"path '{place}' is a place of git or of the registry's records" in said.message
    refuse(regolo, top, 2, "registry's records", ["checkout", "m@1.1", place])
    assert place in regolo("fsck", status=5).out


def test_no_artifact_is_registered_from_a_place_of_records(top: Path, regolo: Regolo) -> None:
    for place in (".github/model.bin", "endpoints/model.bin", "models/x/x.toml", ".gitattributes"):
        (top / place).parent.mkdir(exist_ok=True, parents=True)
        (top / place).write_text("x")
        refuse(regolo, top, 2, "registry's records", ["register", "x", place])
    folder = top / "models" / "other"
    folder.mkdir(parents=True)
    for number in range(250):
        (folder / f"f{number}").write_text("x")
    (folder / "manifest.toml").write_text("x")
    assert "registry's records" in regolo("register", "big", "models/other", status=2).err


def test_the_files_of_a_directory_cannot_become_records(top: Path, regolo: Regolo) -> None:
    folder = top / "words"
    (folder / ".github").mkdir()
    (folder / ".github" / "ci.yml").write_text("x")
    (folder / "manifest.toml").write_text("x")
    regolo("commit", "d", "words")
    regolo("checkout", "d", "new")
    assert (top / "new/.github/ci.yml").read_text() == "x"
    for place in (".", "models/d"):
        refuse(regolo, top, 2, "registry's records", ["checkout", "d", place])
