"""Objects and refs that no tool of ours wrote: each verb says what is wrong with them, or does without."""

import hashlib
import re
import zlib
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.everything import Everything
from support.git_program import git
from support.refusals import refuse

READING = [["list"], ["list", "m"], ["log", "m"], ["show", "m@1.1"], ["status"], ["history", "m"], ["doctor"]]


def written(top: Path, kind: str, content: str) -> str:
    """The id of an object with just this content."""
    return git(top, "hash-object", "-w", "--literally", "-t", kind, "--stdin", given=content).strip()


def hashed(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def made_tree(top: Path, listed: str) -> str:
    return git(top, "mktree", given=listed).strip()


@pytest.mark.parametrize(
    ("pattern", "number", "status"),
    [
        (r"(?<=> )\d+", 999_999_999_999, 0),
        (r"(?<=Size: )\d+", 9_999_999_999_999_999_999, 5),
        (r"(?<=Size: )\d+", 1 << 63, 5),
    ],
    ids=["a date beyond the calendar", "a size of 20 digits", "a size that no file has"],
)
def test_a_tag_with_a_number_beyond_all_bounds_breaks_no_list(
    top: Path, regolo: Regolo, pattern: str, number: int, status: int
) -> None:
    text = re.sub(pattern, str(number), git(top, "cat-file", "tag", "m@v1.0"), count=1)
    git(top, "update-ref", "refs/tags/m@v1.0", written(top, "tag", text))
    for line in READING:
        regolo(*line)
    assert ("m@v1.0" in regolo("fsck", status=status).out) == bool(status)


def test_a_commit_from_beyond_the_calendar_breaks_nothing(top: Path, regolo: Regolo) -> None:
    tree = git(top, "rev-parse", "HEAD^{tree}").strip()
    for when in ("1152921504606846975 +0000", "99999999999999 +0000", "1000 +9959"):
        text = f"tree {tree}\nparent {git(top, 'rev-parse', 'HEAD').strip()}\nauthor A <a@b.c> {when}\n"
        git(top, "update-ref", "HEAD", written(top, "commit", f"{text}committer A <a@b.c> {when}\n\nlater\n"))
    for line in [*READING, ["tag", "--merged"], ["revert", "m", "--to", "1.0"]]:
        regolo(*line)


def test_directories_without_end_in_a_commit(top: Path, regolo: Regolo) -> None:
    """Deeper than the interpreter can call itself."""
    tree = git(top, "rev-parse", "HEAD:models/m").strip()
    for _ in range(1200):
        entry = b"40000 a\0" + bytes.fromhex(tree)
        tree = hashed(b"tree %d\0" % len(entry) + entry)
        loose = top / ".git" / "objects" / tree[:2] / tree[2:]
        loose.parent.mkdir(exist_ok=True)
        loose.write_bytes(zlib.compress(b"tree %d\0" % len(entry) + entry))
    models = f"{git(top, 'ls-tree', 'HEAD:models')}040000 tree {tree}\tz\n"
    others = [line for line in git(top, "ls-tree", "HEAD").splitlines() if not line.endswith("\tmodels")]
    listed = "\n".join([*others, f"040000 tree {made_tree(top, models)}\tmodels"])
    commit = git(top, "commit-tree", made_tree(top, listed), "-p", "HEAD", "-m", "deep").strip()
    git(top, "update-ref", "HEAD", commit)
    for line in READING:
        regolo(*line)


def test_a_branch_that_is_only_another_ones_name_is_not_cut_off(top: Path, regolo: Regolo) -> None:
    git(top, "branch", "-m", "main", "trunk")
    git(top, "symbolic-ref", "refs/heads/main", "refs/heads/trunk")
    git(top, "symbolic-ref", "HEAD", "refs/heads/main")
    assert "1.1" in regolo("list", "m").out
    for line in (["revert", "m", "--to", "1.0"], ["commit", "m", "model.safetensors", "--yes"]):
        said = refuse(regolo, top, 4, "a symbolic ref to 'trunk'", line)
        assert said.hint == "git switch trunk"
    before = Everything.of(top)
    git(top, "switch", "-q", "trunk")
    assert Everything.of(top).work_tree == before.work_tree
    regolo("list", "m")


@pytest.mark.parametrize(
    "date", ["@999999999999 +0000", "@1 +9999", "0001-01-01", "9999-12-31T00:00:00Z", "soon"]
)
def test_a_date_that_git_cannot_hold(
    top: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        with monkeypatch.context() as patched:
            patched.setenv(f"GIT_{role}_DATE", date)
            refuse(regolo, top, 2, "is not a date that Git can store", ["revert", "m", "--to", "1.0"])


@pytest.mark.parametrize(
    ("message", "words"), [("a\0b", "cannot contain a NUL character"), ("\udcff", "is not valid UTF-8")]
)
def test_a_message_that_no_commit_can_hold(top: Path, regolo: Regolo, message: str, words: str) -> None:
    (top / "new.bin").write_bytes(b"new")
    refuse(regolo, top, 2, words, ["commit", "m", "new.bin", "-m", message])
    refuse(regolo, top, 2, words, ["revert", "m", "--to", "1.0", "-m", message])


def test_a_directory_deeper_than_anybody_goes(top: Path, regolo: Regolo) -> None:
    deepest = top / "deep" / "/".join(["a"] * 400)
    for parent in (*reversed(deepest.parents), deepest):
        parent.mkdir(exist_ok=True)
    (deepest / "f").write_text("x")
    refuse(regolo, top, 2, "directories deep", ["register", "n", "deep"])
