"""The changes of a branch are those that comparing every commit with its first parent finds, however read."""

import random
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git, new_repository
from support.git_repository import opened

from regolo_git.git.branch_changes import BranchChange, BranchChanges
from regolo_git.git.history import changed_files, first_parents

DIRECTORIES = ("endpoints", "environments")
PATHS = (
    "endpoints/e.toml",
    "environments/staging/m.toml",
    "environments/production/m.toml",
    "models/m",
    "code",
)
START = 1_700_000_000


def random_history(seed: int, commits: int = 60) -> str:
    """Input for `git fast-import`: merges, reverts, files that move and go, and commits of one second."""
    chance, lines = random.Random(seed), ["feature done"]
    for number in range(1, commits + 1):
        earlier = range(max(1, number - 3), number)
        parents = chance.sample(earlier, k=min(number - 1, chance.choice((1, 1, 2))))
        lines += [
            f"commit refs/heads/main\nmark :{number}",
            f"committer A <a@b.c> {START + number // 3} +0000",
        ]
        lines += ["data 0", *(f"{'merge' if i else 'from'} :{p}" for i, p in enumerate(parents))]
        for path in chance.sample(PATHS, k=chance.choice((0, 1, 1, 2, 3))):
            content = chance.choice(("", "1", "2", None))
            lines += [
                f"D {path}" if content is None else f"M 644 inline {path}\ndata {len(content)}\n{content}"
            ]
    return "\n".join([*lines, "done\n"])


@pytest.fixture(scope="module", params=range(6))
def top(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = new_repository(tmp_path_factory.mktemp("history") / "top")
    git(found, "fast-import", "--quiet", "--force", given=random_history(request.param))
    return found


def the_slow_way(top: Path, tip: str, wanted: Callable[[str], bool]) -> list[BranchChange]:
    """Every commit of the branch opened, and its trees compared."""
    repository, found = opened(top), []
    for oid in first_parents(repository, tip):
        info = repository.commit_info(oid)
        parent = info.parents[0] if info.parents else None
        for directory in DIRECTORIES:
            for path in changed_files(repository, parent, info.oid, directory):
                added = repository.blob_oid(parent, path) is None
                if wanted(path):
                    found.append(BranchChange(info.oid, info.parents, path, added))
    return found


def anything(path: str) -> bool:
    return True


def changes(top: Path, file: Path) -> BranchChanges:
    return BranchChanges(opened(top), file, DIRECTORIES)


def test_changes_are_those_of_the_slow_way(top: Path, tmp_path: Path) -> None:
    for tip in git(top, "rev-list", "--first-parent", "main").split()[::5]:
        expected = the_slow_way(top, tip, anything)
        assert list(changes(top, tmp_path / tip).of_paths(tip, anything)) == expected
        one = [change for change in expected if change.path == PATHS[0]]
        assert list(changes(top, tmp_path / tip).of_paths(tip, PATHS[0].__eq__)) == one


def test_earlier_reads_change_nothing(top: Path, tmp_path: Path) -> None:
    chance, file = random.Random(1), tmp_path / "kept"
    tips = git(top, "rev-list", "main").split()
    for tip in chance.choices(tips, k=25):
        expected = the_slow_way(top, tip, anything)
        # Read to some point first, which is recorded, in the middle of a commit too.
        far = chance.randrange(len(expected) + 1)
        assert list(islice(changes(top, file).of_paths(tip, anything), far)) == expected[:far]
        assert list(changes(top, file).of_paths(tip, anything)) == expected


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 50])
def test_a_damaged_file_is_read_anew(top: Path, tmp_path: Path, damage: bytes) -> None:
    tip, file = git(top, "rev-parse", "main").strip(), tmp_path / "kept"
    expected = list(changes(top, file).of_paths(tip, anything))
    whole = file.read_bytes()
    for torn in (
        damage,
        whole[:-1],
        whole[: len(whole) // 2],
        whole + damage,
        whole.replace(b" M ", b" A ", 1),
    ):
        file.write_bytes(torn)
        assert list(changes(top, file).of_paths(tip, anything)) == expected
    file.unlink()
    file.mkdir()
    assert list(changes(top, file).of_paths(tip, anything)) == expected


def test_many_new_commits_are_recorded(git_repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    first = commit_files(git_repository, {"endpoints/e.toml": "0"})
    list(changes(git_repository, file).of_paths(first, anything))
    for number in range(70):
        tip = commit_files(git_repository, {"endpoints/e.toml" if number % 20 == 9 else "code": str(number)})
    before = file.read_bytes()
    assert len(list(changes(git_repository, file).of_paths(tip, anything))) == 5
    assert file.read_bytes() != before
    assert list(changes(git_repository, file).of_paths(tip, anything)) == the_slow_way(
        git_repository, tip, anything
    )


def test_the_users_configuration_changes_nothing(git_repository: Path, tmp_path: Path) -> None:
    commit_files(git_repository, {"endpoints/a.toml": "1\n2\n3\n"})
    git(git_repository, "mv", "endpoints/a.toml", "endpoints/ä.toml")
    tip = commit_files(git_repository, {})
    for key, value in (
        ("log.showRoot", "false"), ("diff.renames", "copies"), ("core.quotePath", "true"), ("color.ui", "always"),
        ("log.diffMerges", "off"), ("log.decorate", "full"), ("format.pretty", "fuller"), ("log.follow", "true"),
    ):  # fmt: skip
        git(git_repository, "config", key, value)
    found = list(changes(git_repository, tmp_path / "kept").of_paths(tip, anything))
    assert found == the_slow_way(git_repository, tip, anything)
    assert len(found) == 3


def test_a_shallow_clone_records_nothing(git_repository: Path, tmp_path: Path) -> None:
    for number in range(4):
        tip = commit_files(git_repository, {"endpoints/e.toml": str(number)})
    shallow, file = clone(git_repository, tmp_path / "shallow", "--depth=2"), tmp_path / "kept"
    assert len(list(changes(shallow, file).of_paths(tip, anything))) == 2
    assert not file.exists()
    git(shallow, "fetch", "-q", "--unshallow")
    assert len(list(changes(shallow, file).of_paths(tip, anything))) == 4
