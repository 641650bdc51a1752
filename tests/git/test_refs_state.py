"""Refs read as files agree with git, whoever packs or moves them meanwhile."""

import itertools
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support.git_program import commit_files, git, new_repository

from regolo_git.errors import Conflict
from regolo_git.git.discover import RepositoryPaths, find_repository
from regolo_git.git.refs_state import (
    LooseTag,
    branch_tip,
    read_tags,
    ref_target,
    refs_beside_tags,
    symbolic_target,
    tags_key,
)


@pytest.fixture
def paths(git_repository: Path) -> RepositoryPaths:
    """One commit, and the tags `a`, `deep/b` and `deep/er/c` on it."""
    commit_files(git_repository, {"file": "1"})
    for name in ("a", "deep/b", "deep/er/c"):
        git(git_repository, "tag", name)
    return find_repository(git_repository, {})


def told_by_git(paths: RepositoryPaths) -> dict[str, str]:
    lines = git(paths.top, "for-each-ref", "--format=%(refname) %(objectname)", "refs/tags").splitlines()
    return {name.removeprefix("refs/tags/"): oid for name, oid in (line.split() for line in lines)}


def read(paths: RepositoryPaths) -> dict[str, str]:
    return {name: tag.oid for name, tag in read_tags(paths)[1].items()}


def test_loose_and_packed_tags_are_the_ones_that_git_lists(paths: RepositoryPaths) -> None:
    assert read(paths) == told_by_git(paths)
    git(paths.top, "tag", "-a", "annotated", "-m", "an object of its own")
    git(paths.top, "pack-refs", "--all")
    git(paths.top, "tag", "later")
    assert read(paths) == told_by_git(paths)
    assert len(read(paths)) == 5


def test_a_loose_tag_wins_over_the_packed_one(paths: RepositoryPaths) -> None:
    git(paths.top, "pack-refs", "--all")
    newer = commit_files(paths.top, {"file": "2"})
    git(paths.top, "tag", "-f", "a")
    assert read(paths)["a"] == newer
    assert ref_target(paths, "refs/tags/a") == newer
    assert ref_target(paths, "refs/tags/deep/b") != newer


CHANGES: list[Callable[[Path], object]] = [
    lambda top: git(top, "tag", "new"),
    lambda top: git(top, "tag", "deep/er/new"),
    lambda top: git(top, "tag", "-f", "deep/b", commit_files(top, {"file": "2"})),
    lambda top: git(top, "tag", "-d", "deep/er/c"),
    lambda top: git(top, "pack-refs", "--all"),
]


@pytest.mark.parametrize("change", CHANGES, ids=["made", "made deep", "moved", "deleted", "packed"])
def test_every_change_of_a_tag_changes_the_key(
    paths: RepositoryPaths, change: Callable[[Path], object]
) -> None:
    before = tags_key(paths)
    assert read_tags(paths)[0] == before
    change(paths.top)
    assert tags_key(paths) != before


def test_a_change_of_a_packed_tag_changes_the_key(paths: RepositoryPaths) -> None:
    git(paths.top, "pack-refs", "--all")
    before = tags_key(paths)
    git(paths.top, "tag", "-d", "a")
    assert tags_key(paths) != before


def test_changes_of_other_refs_keep_the_key(paths: RepositoryPaths) -> None:
    before = tags_key(paths)
    commit_files(paths.top, {"file": "2"})
    git(paths.top, "branch", "topic")
    assert tags_key(paths) == before


def test_a_repository_without_tags_has_a_key_and_none(tmp_path: Path) -> None:
    paths = find_repository(new_repository(tmp_path / "new"), {})
    (paths.common_dir / "refs" / "tags").rmdir()
    assert read_tags(paths) == (tags_key(paths), {})


def test_a_loose_tag_that_is_the_same_file_is_not_opened_again(paths: RepositoryPaths) -> None:
    held = read_tags(paths)[1]
    known = {"a": LooseTag("f" * 40, held["a"].stamp), "deep/b": LooseTag("f" * 40, "another file")}
    found = read_tags(paths, known)[1]
    assert found["a"].oid == "f" * 40
    assert found["deep/b"] == held["deep/b"]


def test_a_tag_that_is_written_in_place_gets_another_stamp(paths: RepositoryPaths) -> None:
    held = read_tags(paths)[1]
    newer = commit_files(paths.top, {"file": "2"})
    git(paths.top, "tag", "-f", "a")
    assert read_tags(paths, held)[1]["a"].oid == newer


def test_locks_and_files_that_are_not_refs_are_skipped(paths: RepositoryPaths) -> None:
    tags = paths.common_dir / "refs" / "tags"
    (tags / "deep" / "d.lock").write_text("a" * 40)
    (tags / "short").write_text("a" * 39)
    (tags / "empty").touch()
    assert read(paths).keys() == {"a", "deep/b", "deep/er/c"}


class Watched(dict[str, LooseTag]):
    """What a reader holds; `asked` is called whenever it looks for a tag in it."""

    def __init__(self, asked: Callable[[], object]) -> None:
        super().__init__()
        self._asked = asked

    def get(self, *_: object) -> None:
        self._asked()


def once(top: Path, *arguments: str) -> Watched:
    """Runs a git command when the reader has begun to read."""
    waiting = [arguments]
    return Watched(lambda: waiting and git(top, *waiting.pop()))


def test_tags_that_are_packed_while_they_are_read_are_not_missed(paths: RepositoryPaths) -> None:
    wanted = told_by_git(paths)
    key, found = read_tags(paths, once(paths.top, "pack-refs", "--all"))
    assert {name: tag.oid for name, tag in found.items()} == wanted
    assert key == tags_key(paths)


def test_a_tag_that_is_deleted_while_it_is_read_is_gone(paths: RepositoryPaths) -> None:
    found = read_tags(paths, once(paths.top, "tag", "-d", "deep/b"))[1]
    assert found.keys() == {"a", "deep/er/c"}


def test_tags_that_never_stand_still_are_given_up(paths: RepositoryPaths) -> None:
    tags, times = paths.common_dir / "refs" / "tags", itertools.count(1)
    with pytest.raises(Conflict):
        read_tags(paths, Watched(lambda: os.utime(tags, ns=(0, next(times)))))
    assert next(times) == 1 + 3 * 100


def test_a_branch_is_where_git_says(paths: RepositoryPaths) -> None:
    tip = git(paths.top, "rev-parse", "main").strip()
    assert branch_tip(paths, "main") == tip
    git(paths.top, "pack-refs", "--all")
    assert branch_tip(paths, "main") == tip
    assert branch_tip(paths, "mai") is None
    assert branch_tip(paths, "ain") is None


def beside_tags(top: Path) -> list[str]:
    names = git(top, "for-each-ref", "--format=%(refname)").split()
    return [name for name in names if not name.startswith("refs/tags/")]


@pytest.mark.parametrize("seed", range(4))
def test_refs_beside_tags_are_those_that_git_lists(paths: RepositoryPaths, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(20):
        place = chance.choice(
            ("heads", "heads/tags", "tags", "remotes/origin", "notes", "a/tags", "tagsx", "zz")
        )
        git(paths.top, "update-ref", f"refs/{place}/é{number}", "HEAD")
        if chance.random() < 0.2:
            git(paths.top, "pack-refs", "--all")
    git(paths.top, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
    assert refs_beside_tags(paths) == sorted(beside_tags(paths.top))
    packed = paths.common_dir / "packed-refs"
    if packed.exists():  # as an old git or another program writes it
        _, *lines = packed.read_text().splitlines()
        packed.write_text("".join(f"{line}\n" for line in lines if line[0] != "^"))
        assert refs_beside_tags(paths) == sorted(beside_tags(paths.top))


def test_a_work_tree_has_refs_of_its_own(paths: RepositoryPaths, tmp_path: Path) -> None:
    git(paths.top, "worktree", "add", "-q", "--detach", str(tmp_path / "other"))
    git(tmp_path / "other", "update-ref", "refs/bisect/bad", "HEAD")
    other = find_repository(tmp_path / "other", {})
    assert refs_beside_tags(other) == ["refs/bisect/bad", "refs/heads/main"]
    assert refs_beside_tags(paths) == ["refs/heads/main"]


def test_a_branch_that_is_packed_meanwhile_is_found(
    paths: RepositoryPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git writes the packed refs before it removes a loose one; so does this, at every read of a directory."""
    git(paths.top, "branch", "topic/a")
    scan = os.scandir

    def packing(place: str) -> object:
        git(paths.top, "pack-refs", "--all")
        return scan(place)

    monkeypatch.setattr(os, "scandir", packing)
    assert refs_beside_tags(paths) == ["refs/heads/main", "refs/heads/topic/a"]


def test_a_directory_of_branches_is_not_a_branch(paths: RepositoryPaths) -> None:
    git(paths.top, "branch", "team/one")
    assert branch_tip(paths, "team") is None
    assert branch_tip(paths, "main/one") is None


def test_symbolic_refs_are_followed_as_far_as_git_does(paths: RepositoryPaths) -> None:
    tip = git(paths.top, "rev-parse", "main").strip()
    git(paths.top, "symbolic-ref", "refs/heads/s1", "refs/heads/main")
    for number in range(2, 6):
        git(paths.top, "symbolic-ref", f"refs/heads/s{number}", f"refs/heads/s{number - 1}")
    assert symbolic_target(paths, "refs/heads/s2") == "refs/heads/s1"
    assert symbolic_target(paths, "refs/heads/main") is None
    assert branch_tip(paths, "s4") == tip
    assert branch_tip(paths, "s5") is None


def test_a_circle_of_symbolic_refs_leads_nowhere(paths: RepositoryPaths) -> None:
    git(paths.top, "symbolic-ref", "refs/heads/one", "refs/heads/two")
    git(paths.top, "symbolic-ref", "refs/heads/two", "refs/heads/one")
    assert branch_tip(paths, "one") is None


@pytest.mark.parametrize("seed", range(4))
def test_packed_refs_are_found_one_by_one(git_repository: Path, seed: int) -> None:
    chance = random.Random(seed)
    tip = commit_files(git_repository, {"a": "1"})
    # Names that begin like each other, and bytes that sort before and after those of `/` and a line feed.
    names = {"".join(chance.choices("ab-@.v1/", k=chance.randrange(1, 9))) for _ in range(80)}
    for name in sorted(names):  # git refuses some of them
        kind = chance.choice(([], ["-a", "-m", "t"]))
        git(git_repository, "tag", *kind, f"x{name}y", tip, check=False)
    for number in range(chance.choice((0, 1, 30))):
        git(git_repository, "tag", f"z{number}")
    git(git_repository, "pack-refs", "--all")
    paths = find_repository(git_repository, {})
    there = dict(line.split()[::-1] for line in git(git_repository, "show-ref").splitlines())
    assert there
    for ref, oid in there.items():
        assert ref_target(paths, ref) == oid
        for other in (ref[:-1], f"{ref}0", f"{ref}/x", f"{ref}-"):
            assert ref_target(paths, other) == there.get(other)
    packed = git_repository / ".git/packed-refs"
    header, *lines = packed.read_text().splitlines()
    packed.write_text("\n".join([header.replace(" sorted", ""), *lines, ""]))
    assert all(ref_target(paths, ref) == oid for ref, oid in there.items())
