"""Somebody's own files have the same status and the same index entries after every verb, in every kind of index.

Also their flags, in indexes of other kinds, in the middle of a merge and the like, and beside changes of ours
that somebody has not committed.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.everything import Everything
from support.git_program import git
from support.refusals import refusal
from support.users_work import UsersWork, is_ours

from regolo_git.cli import main

pytestmark = pytest.mark.slow  # CI runs it, too

READING = [
    ["list"], ["list", "m", "--json"], ["log", "m"], ["show", "m@1.0"], ["status"], ["describe"], ["history", "m"],
    ["diff", "m@1.0", "m@1.1"], ["config"], ["fsck"], ["fsck", "--full"], ["doctor", "--dry-run"],
    ["endpoint", "list"], ["tag", "--merged", "--dry-run"], ["retire", "m@1.0", "-m", "x", "--dry-run"],
]  # fmt: skip
WRITING = [
    ["init"],
    ["register", "n", "new.bin"],
    ["commit", "m", "new.bin"],
    ["commit", "d", "words", "--yes", "--propose"],
    ["doctor"],
    ["checkout", "m@1.0"],
    ["checkout", "d@1.0", "--force"],
    ["checkout"],
    ["revert", "m", "--to", "1.0"],
    ["tag", "--merged"],
    ["config", "store.digest", "blake3"],
    ["promote", "m@1.0", "staging"],
    ["endpoint", "create", "e", "m@1.0"],
    ["endpoint", "show", "e"],
    ["traffic", "e", "1.0=90", "1.1=10"],
    ["rollback", "e", "--to", "1.0"],
    ["endpoint", "delete", "e", "--yes"],
    ["retire", "m@1.1", "-m", "wrong data", "--yes"],
]


@pytest.fixture
def dirty(top: Path) -> Path:
    """A registry in which every state that a file of somebody's can be in is there once."""
    names = [
        "staged",
        "unstaged",
        "both",
        "deleted",
        "removed",
        "renamed",
        "assumed",
        "skipped",
        "mode",
        "sub/x",
    ]
    for name in names:
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_text(f"{name}\n" * 9)
    git(top, "add", *names)
    git(top, "commit", "-qm", "more code")
    for name in ("staged", "both"):
        (top / name).write_text("staged\n")
        git(top, "add", name)
    for name in ("both", "unstaged", "assumed", "sub/x"):
        (top / name).write_text("changed\n")
    (top / "deleted").unlink()
    git(top, "rm", "-q", "--cached", "removed")
    git(top, "mv", "renamed", "renamed to é")
    git(top, "update-index", "--assume-unchanged", "assumed")
    git(top, "update-index", "--skip-worktree", "skipped")
    (top / "mode").chmod(0o755)
    (top / "intended").write_text("to be added\n")
    git(top, "add", "--intent-to-add", "intended")
    (top / "sub" / "untracked").write_text("untracked\n")
    (top / "new.bin").write_bytes(b"new" * 1000)
    return top


def plain(top: Path) -> None:
    """As git makes it."""


def version_4(top: Path) -> None:
    git(top, "update-index", "--index-version", "4")


def split(top: Path) -> None:
    git(top, "update-index", "--split-index")


def untracked_cache(top: Path) -> None:
    git(top, "update-index", "--force-untracked-cache")
    git(top, "status")


def no_stat(top: Path) -> None:
    git(top, "config", "core.checkStat", "minimal")
    git(top, "config", "core.fileMode", "false")


def line_ends(top: Path) -> None:
    git(top, "config", "core.autocrlf", "true")


INDEXES = [plain, version_4, split, untracked_cache, no_stat, line_ends]


@pytest.mark.parametrize("index", INDEXES)
def test_every_verb_leaves_the_users_work_alone(
    dirty: Path, regolo: Regolo, index: Callable[[Path], None]
) -> None:
    index(dirty)
    before = UsersWork.of(dirty)
    assert len(before.status) >= 9
    assert len({entry[4] for entry in before.entries}) >= 4  # kinds of flags
    for line in [*READING, *WRITING, *READING[:3]]:
        regolo(*line)
        assert UsersWork.of(dirty) == before, line
    assert git(dirty, "fsck", "--strict", "--no-dangling") == ""


def test_a_version_is_a_commit_of_our_files_only(dirty: Path, regolo: Regolo) -> None:
    for line in WRITING:
        parent = git(dirty, "rev-parse", "HEAD").strip()
        regolo(*line)
        changed = git(dirty, "diff", "--name-only", parent, "HEAD").splitlines()
        assert all(is_ours(name) for name in changed), (line, changed)


def test_a_subdirectory_and_a_linked_work_tree_are_places_to_stand(
    dirty: Path, regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = UsersWork.of(dirty)
    git(dirty, "worktree", "add", "-q", "-b", "elsewhere", str(tmp_path / "linked"))
    for place in (dirty / "sub", tmp_path / "linked"):
        monkeypatch.chdir(place)
        assert len(regolo("list", "m", "--plain").lines) == 2
        regolo("checkout", "m@1.0", str(tmp_path / f"out-{place.name}"))
    assert UsersWork.of(dirty) == before


@pytest.mark.parametrize("under_way", ["merge", "rebase", "cherry-pick", "revert"])
def test_in_the_middle_of_other_work_nothing_is_written(top: Path, regolo: Regolo, under_way: str) -> None:
    (top / "new.bin").write_bytes(b"new")
    git(top, "switch", "-qc", "topic")
    (top / "code.py").write_text("theirs\n")
    git(top, "commit", "-qam", "theirs")
    git(top, "switch", "-q", "main")
    (top / "code.py").write_text("ours\n")
    git(top, "commit", "-qam", "ours")
    (top / "code.py").write_text("ours, again\n")
    git(top, "commit", "-qam", "ours, again")
    git(top, under_way, "HEAD~1" if under_way == "revert" else "topic", check=False)
    assert "UU code.py" in git(top, "status", "--porcelain")
    before = (git(top, "for-each-ref"), git(top, "rev-parse", "HEAD"), UsersWork.of(top))
    for line in READING:
        regolo(*line)
    for line in WRITING:
        if line[0] in {"init", "doctor", "checkout", "tag", "traffic", "rollback"} or line[0] == "endpoint":
            continue  # nothing to write there, or nothing yet to write about
        if "--propose" in line:
            continue  # onto a branch of its own
        said = refusal(regolo(*line, status=4).err)
        assert "in progress" in said.message or "detached" in said.message
        assert (said.hint or "").startswith("git ")
    assert (git(top, "for-each-ref"), git(top, "rev-parse", "HEAD"), UsersWork.of(top)) == before


def test_a_sparse_index_stays_sparse(top: Path, regolo: Regolo) -> None:
    for name in ("far/away/x", "near/x"):
        (top / name).parent.mkdir(parents=True)
        (top / name).write_text("code\n")
    git(top, "add", "far", "near")
    git(top, "commit", "-qm", "code")
    git(
        top,
        "sparse-checkout",
        "set",
        "--cone",
        "--sparse-index",
        "near",
        "models",
        ".regolo",
        "environments",
        "endpoints",
    )
    (top / "near" / "x").write_text("changed\n")
    (top / "new.bin").write_bytes(b"new" * 1000)
    before = UsersWork.of(top)
    for line in [*READING, *WRITING]:
        regolo(*line)
        assert UsersWork.of(top) == before, line
    assert not (top / "far").exists()


@pytest.mark.parametrize("under_way", ["merge", "rebase"])
def test_a_merge_with_conflicts_goes_on_as_if_nothing_was_asked(
    top: Path, regolo: Regolo, under_way: str
) -> None:
    git(top, "switch", "-qc", "topic")
    (top / "code.py").write_text("theirs\n")
    (top / "added").write_text("theirs\n")
    git(top, "add", "added")
    git(top, "commit", "-qam", "theirs")
    git(top, "switch", "-q", "main")
    (top / "code.py").write_text("ours\n")
    git(top, "commit", "-qam", "ours")
    git(top, under_way, "topic", check=False)
    (top / "new.bin").write_bytes(b"new" * 1000)
    before = UsersWork.of(top)
    assert {entry[3] for entry in before.entries} == {"0", "1", "2", "3"}
    refused = []
    for line in [*READING, *WRITING]:
        whole = Everything.of(top)
        status = main.run(line)
        assert UsersWork.of(top) == before, line
        if status:
            assert status in (3, 4), line
            refused.append(line[0])
            whole.must_be(top)
    assert {"register", "commit", "revert", "promote", "retire", "config"} <= set(refused)


@pytest.mark.parametrize("how", ["unstaged", "staged", "deleted", "conflicting kind"])
@pytest.mark.parametrize("path", ["models/m/manifest.toml", "models/m/retired.toml", "models/m/model.toml"])
def test_a_record_with_somebodys_changes_is_left_as_it_is(
    top: Path, regolo: Regolo, path: str, how: str
) -> None:
    place = top / path
    if how == "deleted" and not place.exists():
        return  # that is no change
    if how == "conflicting kind":
        place.unlink(missing_ok=True)
        place.mkdir()
        (place / "mine").write_text("mine\n")
    elif how == "deleted":
        place.unlink(missing_ok=True)
    else:
        place.write_text((place.read_text() if place.exists() else "") + "# my remark\n")
        if how == "staged":
            git(top, "add", path)
    (top / "new.bin").write_bytes(b"new" * 1000)
    mine = Everything.of(top)
    for line in (
        ["commit", "m", "new.bin"],
        ["revert", "m", "--to", "1.0"],
        ["retire", "m@1.0", "-m", "x", "--yes"],
    ):
        status = main.run(line)
        now = Everything.of(top)
        same = {name: held for name, held in mine.work_tree.items() if name.startswith(path)}
        assert {name: held for name, held in now.work_tree.items() if name.startswith(path)} == same, line
        if status:
            assert status == 4
            mine.must_be(top)
        mine = now


def test_a_remark_in_a_card_does_not_keep_a_version_from_being_made(top: Path, regolo: Regolo) -> None:
    card = top / "models/m/model.toml"
    card.write_text(card.read_text() + "# my remark\n")
    (top / "new.bin").write_bytes(b"new" * 1000)
    regolo("commit", "m", "new.bin")
    assert card.read_text().endswith("# my remark\n")
    assert git(top, "status", "--porcelain") == " M models/m/model.toml\n"


def test_init_in_a_repository_in_the_middle_of_work(
    git_repository: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(git_repository)
    (git_repository / "code.py").write_text("code\n")
    (git_repository / ".gitattributes").write_text("*.png binary\n")
    git(git_repository, "add", "code.py")
    before = UsersWork.of(git_repository)
    said = refusal(regolo("init", status=4).err)
    assert ".gitattributes" in said.message
    assert UsersWork.of(git_repository) == before
    git(git_repository, "add", ".gitattributes")
    git(git_repository, "commit", "-qm", "attributes", "--", ".gitattributes")
    before = UsersWork.of(git_repository)
    regolo("init")
    assert UsersWork.of(git_repository) == before
    assert (git_repository / ".gitattributes").read_text().startswith("*.png binary\n")


def test_somebody_who_holds_the_index_is_waited_for_or_named(top: Path, regolo: Regolo) -> None:
    (top / "new.bin").write_bytes(b"new" * 1000)
    lock = top / ".git" / "index.lock"
    lock.write_bytes(b"")
    before = Everything.of(top)
    said = refusal(regolo("commit", "m", "new.bin", status=4).err)
    assert "index.lock" in said.message
    before.must_be(top, more_stored=True)
    assert lock.exists()
    lock.unlink()
    regolo("commit", "m", "new.bin")
