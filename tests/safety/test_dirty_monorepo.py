"""A monorepo in the middle of other work: every verb leaves it as it is, and says no where it cannot."""

from pathlib import Path

import pytest
from command_line import Regolo, write_model
from whole_state import git

OURS = (
    "models",
    "environments",
    "endpoints",
    "model.safetensors",
    "other.safetensors",
    ".regolo",
    ".gitignore",
    ".gitattributes",
)
READING = [
    ["list"], ["list", "m"], ["log", "m"], ["show", "m@1.0"], ["status"], ["describe"], ["diff", "m"], ["config"],
    ["fsck"], ["fsck", "--full"], ["doctor", "--dry-run"], ["doctor"], ["history", "m"], ["endpoint", "list"],
    ["tag", "--merged", "--dry-run"],
]  # fmt: skip
WRITING = [
    ["register", "n", "other.safetensors"],
    ["commit", "m", "model.safetensors", "--yes"],
    ["commit", "m", "model.safetensors", "--yes", "--propose"],
    ["commit", "m", "--from", "1.0", "--version", "prod-1.0"],
    ["checkout", "m@1.0"],
    ["revert", "m", "--to", "1.0"],
    ["tag", "--merged"],
    ["config", "store.digest", "blake3"],
    ["promote", "m@1.0", "staging"],
    ["endpoint", "create", "e", "m@1.0"],
    ["traffic", "e", "1.0=90", "1.1=10"],
    ["rollback", "e", "--to", "1.0"],
    ["endpoint", "delete", "e", "--yes"],
    ["remove", "m@1.1", "-m", "wrong data", "--yes"],
]


def users_part(top: Path) -> tuple[list[str], list[str], dict[str, bytes]]:
    """What git says of the user's own files, their index entries with flags, and their bytes."""

    def is_ours(line: str) -> bool:
        return any(
            f"{separator}{name}{end}" in f"{line}\n"
            for name in OURS
            for separator in (" ", "\t")
            for end in ("/", "\n", "\t")
        )

    status = [line for line in git(top, "status", "--porcelain=v2").splitlines() if not is_ours(line)]
    entries = [
        line
        for flags in (("--stage", "-v"), ("--stage", "-f", "-t"))
        for line in git(top, "ls-files", *flags).splitlines()
        if not is_ours(line)
    ]
    files = {
        str(path.relative_to(top)): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and path.relative_to(top).parts[0] not in (*OURS, ".git")
    }
    return status, entries, files


def make_dirty(top: Path) -> None:
    """One file of every state that a user's file can be in."""
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
        "sub/dir/x",
    ]
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(f"{name}\n")
    git(top, "add", *names)
    git(top, "commit", "-qm", "code")
    (top / "staged").write_text("staged, changed\n")
    git(top, "add", "staged")
    (top / "unstaged").write_text("unstaged, changed\n")
    (top / "both").write_text("both, staged\n")
    git(top, "add", "both")
    (top / "both").write_text("both, changed again\n")
    (top / "deleted").unlink()
    git(top, "rm", "-q", "--cached", "removed")
    git(top, "mv", "renamed", "renamed to")
    git(top, "update-index", "--assume-unchanged", "assumed")
    (top / "assumed").write_text("assumed, changed\n")
    git(top, "update-index", "--skip-worktree", "skipped")
    (top / "mode").chmod(0o755)
    (top / "untracked é\t\n").write_text("untracked\n")
    (top / "intended").write_text("intent to add\n")
    git(top, "add", "-N", "intended")
    (top / "link").symlink_to("staged")
    git(top, "add", "link")
    write_model(top / "other.safetensors", 3)


def test_every_verb_leaves_the_users_work_alone(top: Path, regolo: Regolo) -> None:
    make_dirty(top)
    before = users_part(top)
    assert len(before[0]) >= 10
    for line in [*READING, *WRITING]:
        regolo(*line)
        assert users_part(top) == before, line
    assert git(top, "fsck", "--strict", "--no-dangling") == ""


def test_a_version_is_a_commit_of_our_files_only(top: Path, regolo: Regolo) -> None:
    make_dirty(top)
    for line in WRITING:
        parent = git(top, "rev-parse", "HEAD").strip()
        regolo(*line)
        changed = git(top, "diff", "--name-only", parent, "HEAD").splitlines()
        assert all(name.split("/")[0] in OURS for name in changed), (line, changed)


@pytest.mark.parametrize("under_way", ["merge", "rebase", "cherry-pick", "revert"])
def test_in_the_middle_of_a_merge_nothing_is_written(top: Path, regolo: Regolo, under_way: str) -> None:
    (top / "code").write_text("base\n")
    git(top, "add", "code")
    git(top, "commit", "-qm", "code")
    git(top, "switch", "-qc", "topic")
    (top / "code").write_text("theirs\n")
    git(top, "commit", "-qam", "theirs")
    git(top, "switch", "-q", "main")
    (top / "code").write_text("ours\n")
    git(top, "commit", "-qam", "ours")
    write_model(top / "other.safetensors", 3)
    what = {"revert": "HEAD~1"}.get(under_way, "topic")
    git(top, under_way, what, check=False)
    assert "UU code" in git(top, "status", "--porcelain") or under_way == "revert"
    before = (git(top, "for-each-ref"), git(top, "rev-parse", "HEAD"), users_part(top))
    for line in READING:
        regolo(*line)
    for line in WRITING:
        if line[0] in {"checkout", "tag", "traffic", "rollback"} or "delete" in line or "--propose" in line:
            continue
        said = regolo(*line, status=4).err
        assert "under way" in said or "detached" in said, said
        assert "hint: git " in said
    assert (git(top, "for-each-ref"), git(top, "rev-parse", "HEAD"), users_part(top)) == before


def test_a_subdirectory_and_a_linked_work_tree_are_places_to_stand(
    top: Path, regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dirty(top)
    before = users_part(top)
    git(top, "worktree", "add", "-q", "-b", "elsewhere", str(tmp_path / "linked"))
    for place in (top / "sub" / "dir", tmp_path / "linked"):
        monkeypatch.chdir(place)
        assert len(regolo("list", "m", "--plain").lines) == 2
        regolo("checkout", "m@1.0", str(tmp_path / f"out-{place.name}"))
    assert users_part(top) == before
