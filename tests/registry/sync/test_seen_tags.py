"""A push asks for the tags that the remote may lack, and misses none of those that it lacks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.clones import Team, pushed
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.git.remote.with_git import GitTransport
from regolo_git.registry.sync.seen_tags import NAME

Asked = list[tuple[str, ...]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The patterns of tags that remotes are asked for."""
    found: Asked = []
    really = GitTransport.refs

    def refs(self: GitTransport, remote: str, patterns: Callable[[], str]) -> dict[str, str]:
        wanted = tuple(patterns)  # type: ignore[arg-type]
        found.append(tuple(pattern for pattern in wanted if pattern.startswith("refs/tags/")))
        return really(self, remote, wanted)

    monkeypatch.setattr(GitTransport, "refs", refs)
    return found


ALL = ("refs/tags/*",)


def version(registry: Registry, text: str) -> None:
    registry.create_model_version("m", model_data=text.encode())


def test_after_the_first_push_only_new_tags_are_asked_for(team: Team, asked: Asked) -> None:
    ours = team.clone("ours")
    for number in range(1, 4):
        version(ours, f"{number}")
        asked.clear()
        pushed(ours)
        assert asked[0] == (ALL if number == 1 else (f"refs/tags/m@v1.{number}",))
        assert f"m@v1.{number}" in team.tags()
    asked.clear()
    assert pushed(ours).versions == ()
    assert asked[0] == ()


def test_a_branch_that_was_reset_at_the_remote_comes_back_with_its_tags(team: Team, asked: Asked) -> None:
    ours = team.clone("ours")
    version(ours, "another")
    pushed(ours)
    git(team.host, "update-ref", "refs/heads/main", "main~1")
    git(team.host, "tag", "-d", "m@v1.1")
    asked.clear()
    assert [each.reference for each in pushed(ours).versions] == ["m@1.1"]
    assert asked[-1] == ALL
    assert git(team.host, "rev-parse", "main") == git(team.host, "rev-parse", "m@v1.1^{}")


def test_a_fetch_makes_the_next_push_ask_for_little(team: Team, asked: Asked) -> None:
    ours = team.clone("ours")
    version(ours, "before")
    ours.fetch()
    version(ours, "after")
    asked.clear()
    assert [each.version for each in pushed(ours).versions] == ["1.1", "1.2"]
    assert set(asked[0]) == {"refs/tags/m@v1.1", "refs/tags/m@v1.2"}


def test_packed_tags_another_address_and_a_damaged_note_have_all_compared(team: Team, asked: Asked) -> None:
    ours = team.clone("ours")
    top = ours.handle.paths.top
    changes: list[Callable[[], object]] = [
        lambda: git(top, "pack-refs", "--all"),
        lambda: git(top, "config", "remote.origin.pushurl", str(team.host)),
        lambda: (ours.handle.local_directory / NAME).write_text('{"remote": 3}'),
        (ours.handle.local_directory / NAME).unlink,
    ]
    version(ours, "first")
    pushed(ours)
    for number, change in enumerate(changes, 2):
        version(ours, f"{number}")
        change()
        asked.clear()
        assert [each.version for each in pushed(ours).versions] == [f"1.{number}"]
        assert asked[0] == ALL


def test_a_remote_that_lost_its_branch_or_went_on_is_compared_in_full(team: Team, asked: Asked) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    version(ours, "first")
    pushed(ours)
    theirs.pull()
    version(theirs, "theirs")
    pushed(theirs)
    version(ours, "ours")
    asked.clear()
    assert [(each.before, each.version) for each in pushed(ours).versions] == [("1.2", "1.3")]
    assert ALL in asked
    git(team.host, "update-ref", "-d", "refs/heads/main")
    git(team.host, "tag", "-d", "m@v1.1")
    asked.clear()
    pushed(ours)
    assert ALL in asked
    assert "m@v1.1" in team.tags()


def test_a_version_left_out_is_still_found_later(team: Team, asked: Asked) -> None:
    ours = team.clone("ours")
    version(ours, "m")
    ours.register_model("n", b"n")
    ours.push(["m"])
    asked.clear()
    assert [each.reference for each in pushed(ours).versions] == ["n@1.0"]
    assert ALL not in asked


def test_a_tag_that_was_removed_at_the_remote_comes_back_after_a_fetch(team: Team, tmp_path: Path) -> None:
    ours = team.clone("ours")
    version(ours, "first")
    pushed(ours)
    git(team.host, "tag", "-d", "m@v1.1")
    ours.fetch()
    assert [each.version for each in pushed(ours).versions] == ["1.1"]
