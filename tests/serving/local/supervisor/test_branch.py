"""Following the branch: each commit is read once, and what is broken is named for as long as it is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.registry.records_at import Listing
from regolo_git.serving.local.supervisor.branch import Branch

PIN = PinnedVersion("c" * 40, Digest("sha256", "0" * 64), 1)


def endpoint(name: str, engine: str = "local") -> Endpoint:
    return Endpoint(name, "m", None, engine, {"1.0": 1.0}, {"1.0": PIN})


class FakeSource:
    """A branch whose commits are what the test says; an exception is raised instead."""

    def __init__(self) -> None:
        self.commit: str | Exception = "1"
        self.said: dict[str, list[Endpoint] | Exception] = {"1": [endpoint("e")]}
        self.broken: dict[str, IntegrityError] = {}
        self.read: list[str] = []

    def head(self) -> str:
        if isinstance(self.commit, Exception):
            raise self.commit
        return self.commit

    def endpoints(self, commit: str) -> Listing[Endpoint]:
        self.read.append(commit)
        said = self.said[commit]
        if isinstance(said, Exception):
            raise said
        return Listing({each.endpoint: each for each in said}, self.broken)


def follow(use: Callable[[Branch, FakeSource], Awaitable[None]], *names: str) -> None:
    async def run() -> None:
        source = FakeSource()
        branch = Branch(source, names)  # type: ignore[arg-type]
        try:
            await use(branch, source)
        finally:
            branch.close()

    asyncio.run(run())


def test_a_commit_is_read_once_and_the_next_one_when_the_head_moves() -> None:
    async def use(branch: Branch, source: FakeSource) -> None:
        first = await branch.first()
        assert (first.commit, list(first.endpoints)) == ("1", ["e"])
        assert await branch.next() is None
        source.commit, source.said["2"] = "2", [endpoint("e"), endpoint("f")]
        second = await branch.next()
        assert second is not None
        assert (second.commit, list(second.endpoints)) == ("2", ["e", "f"])
        assert source.read == ["1", "2"]

    follow(use)


def test_only_the_named_endpoints_and_those_of_this_engine_are_ours() -> None:
    async def use(branch: Branch, source: FakeSource) -> None:
        source.said["1"] = [endpoint("e"), endpoint("f"), endpoint("g", engine="abacus")]
        assert list((await branch.first()).endpoints) == ["e"]

    async def missing(branch: Branch, source: FakeSource) -> None:
        source.said["1"] = [endpoint("g", engine="abacus")]
        with pytest.raises(NotFound, match="'g'"):
            await branch.first()

    follow(use, "e")
    follow(missing, "g")


def test_what_is_wrong_with_a_commit_is_wrong_for_as_long_as_the_branch_is_at_it() -> None:
    async def use(branch: Branch, source: FakeSource) -> None:
        await branch.first()
        source.commit, source.said["2"] = "2", IntegrityError("the commit is damaged")
        for _ in range(3):
            assert await branch.next() is None
            assert branch.problem == "commit 2 is ignored: the commit is damaged"
        assert source.read == ["1", "2"]
        source.commit = NotFound("the branch is away")
        assert await branch.next() is None
        assert branch.problem == "the branch is not followed: the branch is away"
        source.commit = "2"
        assert await branch.next() is None
        assert branch.problem == "commit 2 is ignored: the commit is damaged"
        source.commit, source.said["3"] = "3", []
        assert await branch.next() is not None
        assert branch.problem is None

    follow(use)


BROKEN = {"endpoints/bad.toml": IntegrityError("'endpoints/bad.toml' lacks 'model'")}


def test_an_endpoint_that_cannot_be_read_is_named_and_the_others_are_followed() -> None:
    async def use(branch: Branch, source: FakeSource) -> None:
        source.broken = BROKEN
        state = await branch.first()
        assert (list(state.endpoints), list(state.broken)) == (["e"], ["bad"])
        assert branch.problem == "endpoint 'bad' is not followed: 'endpoints/bad.toml' lacks 'model'"
        assert await branch.next() is None
        assert branch.problem is not None

    async def not_asked_for(branch: Branch, source: FakeSource) -> None:
        source.broken = BROKEN
        assert not (await branch.first()).broken
        assert branch.problem is None

    follow(use)
    follow(not_asked_for, "e")


def test_an_endpoint_that_was_asked_for_or_is_the_only_one_has_to_be_readable() -> None:
    async def refused(branch: Branch, source: FakeSource) -> None:
        source.broken = BROKEN
        with pytest.raises(IntegrityError, match="lacks 'model'"):
            await branch.first()

    async def alone(branch: Branch, source: FakeSource) -> None:
        source.said["1"] = []
        await refused(branch, source)

    async def unreadable(branch: Branch, source: FakeSource) -> None:
        source.said["1"] = IntegrityError("the commit is damaged")
        with pytest.raises(IntegrityError, match="the commit is damaged"):
            await branch.first()

    follow(refused, "e", "bad")
    follow(alone)
    follow(unreadable)


def test_a_disk_that_cannot_be_read_is_a_problem_and_not_the_end() -> None:
    async def use(branch: Branch, source: FakeSource) -> None:
        await branch.first()
        source.commit = OSError("input/output error")
        assert await branch.next() is None
        assert branch.problem == ("the branch is not followed: cannot read the registry: input/output error")
        source.commit = "1"
        assert await branch.next() is None
        assert branch.problem is None

    follow(use)
