"""An index that reads only what may have changed has the same tags as one that is built anew."""

import random
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import opened, publish_version

from regolo_git.git import refs_state
from regolo_git.git.tag_index import TagIndex


def index_of(top: Path) -> TagIndex:
    repository = opened(top)
    return TagIndex(repository.paths, lambda: repository)


def rows(top: Path) -> list[tuple[str, str]]:
    index = index_of(top)
    try:
        return [(row.tag, row.tag_oid) for row in index.all_rows()]
    finally:
        index.close()


@pytest.mark.parametrize("seed", range(4))
def test_tags_that_come_go_move_and_are_packed(git_repository: Path, seed: int) -> None:
    chance, top = random.Random(seed), git_repository
    for number in range(6):
        publish_version(top, "m", f"1.{number}")
    copy = top / ".git/regolo/kept.sqlite"
    for _ in range(15):
        tags = git(top, "tag", "--list").split()
        step = chance.choice(("pack", "new", "delete", "unpack", "loose file", "move"))
        if step == "pack":
            git(top, "pack-refs", "--all", *chance.choice(([], ["--no-prune"])))
        elif step == "new":
            publish_version(top, "m", f"2.{chance.randrange(10**6)}")
        elif step == "delete" and tags:
            git(top, "tag", "-d", chance.choice(tags))
        elif step == "loose file":
            # What is packed below shows again.
            for place in sorted((top / ".git/refs/tags").glob("m@*"))[:1]:
                place.unlink()
        elif step == "move" and len(tags) > 1:
            git(top, "update-ref", f"refs/tags/{tags[0]}", git(top, "rev-parse", tags[1]).strip())
        elif step == "unpack" and tags:
            oid = git(top, "rev-parse", tags[0]).strip()
            (top / ".git/refs/tags" / tags[0]).write_text(f"{oid}\n")
        found = rows(top)
        (top / ".git/regolo/index.sqlite").rename(copy)
        assert found == rows(top), step
        copy.replace(top / ".git/regolo/index.sqlite")


def test_a_new_version_does_not_read_the_packed_refs(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "pack-refs", "--all")
    assert len(rows(git_repository)) == 1
    publish_version(git_repository, "m", "1.1")
    read = []
    original = refs_state._packed_tags
    monkeypatch.setattr(refs_state, "_packed_tags", lambda packed: read.append(packed) or original(packed))
    assert len(rows(git_repository)) == 2
    assert read == []
    git(git_repository, "pack-refs", "--all")
    assert len(rows(git_repository)) == 2
    assert len(read) == 1
