"""What every transport does with every kind of remote; a test module gives the two as fixtures."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from regolo_git.errors import Conflict, NotFound, TransportError
from regolo_git.git.remote.transport import ABSENT, GitProgress, RefUpdate, Refusal, Transport
from regolo_git.git.repository import GitRepository
from support.git_program import commit_files, git, new_repository
from support.git_repository import opened

MAIN = "refs/heads/main"
MakeTransport = Callable[[GitRepository], Transport]


class Served(NamedTuple):
    """A bare repository and the address under which a client finds it."""

    top: Path
    url: str

    def has(self) -> dict[str, str]:
        lines = git(self.top, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split() for line in lines)

    def hook(self, name: str, script: str) -> None:
        write_hook(self.top / "hooks" / name, script)


def write_hook(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


class Client:
    """A clone of the served repository, and its transport."""

    def __init__(self, top: Path, url: str, make: MakeTransport) -> None:
        new_repository(top)
        git(top, "remote", "add", "origin", url)
        self.top = top
        self.git = opened(top)
        self.transport = make(self.git)

    def commit(self, name: str = "a", text: str = "1") -> str:
        return commit_files(self.top, {name: text})

    def tag(self, name: str, message: str = "message") -> str:
        git(self.top, "tag", "-a", "-f", "-m", message, name)
        return git(self.top, "rev-parse", f"refs/tags/{name}").strip()

    def push(self, *updates: RefUpdate) -> dict[str, Refusal | None]:
        pushed = self.transport.push("origin", updates)
        assert list(pushed.outcomes) == [update.ref for update in updates]
        return {ref: outcome.refusal for ref, outcome in pushed.outcomes.items()}

    def fetch(self) -> None:
        self.transport.fetch("origin", ["+refs/heads/*:refs/remotes/origin/*"])

    def onto_remote(self) -> None:
        self.fetch()
        git(self.top, "reset", "-q", "--hard", "refs/remotes/origin/main")


class TransportSuite:
    """A subclass has the fixtures `served` (an empty repository) and `make` (a transport of a clone)."""

    moves_refs_itself = False  # there is no server that could refuse to move several at once

    @pytest.fixture
    def client(self, served: Served, make: MakeTransport, tmp_path: Path) -> Client:
        return Client(tmp_path / "client", served.url, make)

    @pytest.fixture
    def other(self, served: Served, make: MakeTransport, tmp_path: Path) -> Client:
        return Client(tmp_path / "other", served.url, make)

    # -- refs ---------------------------------------------------------------------------------------------

    def test_an_empty_remote_has_no_refs(self, client: Client) -> None:
        assert client.transport.refs("origin", ["refs/*", MAIN]) == {}

    def test_the_refs_of_a_remote_are_those_that_match(self, client: Client, served: Served) -> None:
        commit = client.commit()
        tags = {
            f"refs/tags/{name}": client.tag(name) for name in ("m@v1.0", "m@v1.1", "team/m@v1.0", "mm@v1")
        }
        client.push(RefUpdate(MAIN, commit), *(RefUpdate(ref, oid) for ref, oid in tags.items()))
        refs = client.transport.refs
        wanted = {ref: oid for ref, oid in tags.items() if ref.startswith("refs/tags/m@")}
        assert refs("origin", ["refs/tags/m@*"]) == wanted
        assert refs("origin", ["refs/tags/m@v1.0", MAIN]) == {
            MAIN: commit,
            "refs/tags/m@v1.0": tags["refs/tags/m@v1.0"],
        }
        assert refs("origin", ["refs/*"]) == served.has()
        assert refs("origin", ["refs/tags/m", "tags/m@*", "main"]) == {}
        assert refs("origin", []) == {}
        assert refs(served.url, ["refs/tags/team/*"]) == {
            "refs/tags/team/m@v1.0": tags["refs/tags/team/m@v1.0"]
        }

    # -- push ---------------------------------------------------------------------------------------------

    def test_a_branch_and_its_tags_are_pushed_together(self, client: Client, served: Served) -> None:
        commit, tag = client.commit(), client.tag("m@v1.0")
        updates = RefUpdate(MAIN, commit, ABSENT), RefUpdate("refs/tags/m@v1.0", tag, ABSENT)
        assert client.push(*updates) == {MAIN: None, "refs/tags/m@v1.0": None}
        assert served.has() == {MAIN: commit, "refs/tags/m@v1.0": tag}
        assert git(served.top, "fsck", "--connectivity-only", "--no-dangling") == ""
        later = client.commit(text="2")
        assert client.push(RefUpdate(MAIN, later, commit)) == {MAIN: None}
        assert served.has()[MAIN] == later

    def test_what_the_remote_has_already_is_accepted(self, client: Client) -> None:
        commit, tag = client.commit(), client.tag("m@v1.0")
        updates = RefUpdate(MAIN, commit), RefUpdate("refs/tags/m@v1.0", tag)
        client.push(*updates)
        assert client.push(*updates) == {MAIN: None, "refs/tags/m@v1.0": None}
        assert client.push() == {}

    def test_a_tag_of_other_content_is_never_replaced(self, client: Client, served: Served) -> None:
        commit, tag = client.commit(), client.tag("m@v1.0")
        client.push(RefUpdate(MAIN, commit), RefUpdate("refs/tags/m@v1.0", tag))
        later, theirs = client.commit(text="2"), client.tag("m@v1.0", "other")
        for expected in (None, ABSENT):
            updates = RefUpdate("refs/tags/m@v1.0", theirs, expected), RefUpdate(MAIN, later, commit)
            assert client.push(*updates) == {
                "refs/tags/m@v1.0": Refusal.ALREADY_EXISTS, MAIN: Refusal.ATOMIC,
            }  # fmt: skip
        assert served.has() == {MAIN: commit, "refs/tags/m@v1.0": tag}

    def test_a_ref_that_stays_may_be_required(self, client: Client, other: Client, served: Served) -> None:
        first, ops = client.commit(), "refs/heads/ops"
        stays = RefUpdate(MAIN, first, first)
        client.push(RefUpdate(MAIN, first), RefUpdate(ops, first))
        second = client.commit(text="2")
        assert client.push(RefUpdate(ops, second, first), stays) == {ops: None, MAIN: None}
        other.onto_remote()
        other.push(RefUpdate(MAIN, other.commit(text="theirs")))
        third, before = client.commit(text="3"), served.has()
        refused = {ops: Refusal.ATOMIC, MAIN: Refusal.MOVED}
        assert client.push(RefUpdate(ops, third, second), stays) == refused
        assert served.has() == before

    def test_a_branch_that_went_on_is_not_rewound(
        self, client: Client, other: Client, served: Served
    ) -> None:
        first = client.commit()
        client.push(RefUpdate(MAIN, first))
        other.onto_remote()
        theirs = other.commit(text="theirs")
        other.push(RefUpdate(MAIN, theirs))
        ours, tag = client.commit(text="ours"), client.tag("m@v1.0")
        updates = RefUpdate(MAIN, ours), RefUpdate("refs/tags/m@v1.0", tag)
        assert client.push(*updates) == {MAIN: Refusal.FETCH_FIRST, "refs/tags/m@v1.0": Refusal.ATOMIC}
        client.fetch()
        assert client.push(*updates)[MAIN] is Refusal.NON_FAST_FORWARD
        for expected in (theirs, ours):  # what is expected allows no loss either
            assert client.push(RefUpdate(MAIN, first, expected))[MAIN] is Refusal.NON_FAST_FORWARD
        assert client.transport.push("origin", updates).lost_race
        assert served.has() == {MAIN: theirs}

    def test_a_ref_that_is_not_as_expected_is_not_moved(self, client: Client, served: Served) -> None:
        first = client.commit()
        client.push(RefUpdate(MAIN, first))
        second, third = client.commit(text="2"), client.commit(text="3")
        tag = client.tag("m@v1.0")
        client.push(RefUpdate(MAIN, second))
        for expected in (first, ABSENT):
            updates = RefUpdate(MAIN, third, expected), RefUpdate("refs/tags/m@v1.0", tag)
            assert client.push(*updates) == {MAIN: Refusal.MOVED, "refs/tags/m@v1.0": Refusal.ATOMIC}
        assert (
            client.push(RefUpdate("refs/heads/new", third, "1" * 40))["refs/heads/new"] is Refusal.FETCH_FIRST
        )
        assert client.push(RefUpdate("refs/heads/new", third, first))["refs/heads/new"] is Refusal.MOVED
        assert served.has() == {MAIN: second}

    @pytest.mark.parametrize(
        ("words", "refusal"),
        [
            ("no model without a card", Refusal.HOOK),
            (
                "GitLab: You are not allowed to push code to protected branches on this project.",
                Refusal.PROTECTED,
            ),
            ("error: GH006: Protected branch update failed for refs/heads/main.", Refusal.PROTECTED),
            ("FATAL: W any model ada DENIED by fallthru", Refusal.NO_PERMISSION),
        ],
        ids=["hook", "gitlab", "github", "gitolite"],
    )
    def test_a_refusal_by_a_hook_has_the_words_of_the_server(
        self, client: Client, served: Served, words: str, refusal: Refusal
    ) -> None:
        served.hook("update", f'test "$1" != {MAIN} || {{ echo "{words}" >&2; exit 1; }}')
        updates = RefUpdate(MAIN, client.commit()), RefUpdate("refs/tags/m@v1.0", client.tag("m@v1.0"))
        pushed = client.transport.push("origin", updates)
        assert {o.ref: o.refusal for o in pushed.refused} == {
            MAIN: refusal,
            "refs/tags/m@v1.0": Refusal.ATOMIC,
        }
        assert words in pushed.refused[0].reason
        assert words in pushed.said
        assert pushed.refused[0].reason.count(MAIN) == words.count(MAIN)  # said once
        assert not pushed.lost_race
        assert served.has() == {}

    def test_a_pre_receive_hook_refuses_everything(self, client: Client, served: Served) -> None:
        served.hook("pre-receive", "echo 'not today'; exit 1")
        assert client.push(RefUpdate(MAIN, client.commit())) == {MAIN: Refusal.HOOK}
        updates = RefUpdate(MAIN, client.commit()), RefUpdate("refs/tags/t", client.tag("t"))
        assert client.push(*updates) == {MAIN: Refusal.HOOK, "refs/tags/t": Refusal.HOOK}
        assert served.has() == {}

    def test_a_push_goes_to_each_push_url_until_one_refuses(
        self, client: Client, served: Served, tmp_path: Path
    ) -> None:
        mirror = Served(new_repository(tmp_path / "mirror.git", "--bare"), str(tmp_path / "mirror.git"))
        for url in (served.url, mirror.url):
            git(client.top, "config", "--add", "remote.origin.pushurl", url)
        first = client.commit()
        assert client.push(RefUpdate(MAIN, first)) == {MAIN: None}
        assert served.has() == mirror.has() == {MAIN: first}
        served.hook("pre-receive", "echo 'not today'; exit 1")
        assert client.push(RefUpdate(MAIN, client.commit(text="2"))) == {MAIN: Refusal.HOOK}
        assert served.has() == {MAIN: first}

    def test_the_server_says_more_about_a_push_that_succeeds(self, client: Client, served: Served) -> None:
        served.hook("post-receive", "echo 'open a pull request: https://host/new'")
        pushed = client.transport.push("origin", [RefUpdate(MAIN, client.commit())])
        assert pushed.refused == ()
        assert "open a pull request: https://host/new" in pushed.said

    def test_several_refs_need_a_server_that_moves_them_in_one_step(
        self, client: Client, served: Served
    ) -> None:
        if self.moves_refs_itself:
            pytest.skip("the client itself moves the refs")
        git(served.top, "config", "receive.advertiseAtomic", "false")
        updates = RefUpdate(MAIN, client.commit()), RefUpdate("refs/tags/t", client.tag("t"))
        with pytest.raises(TransportError, match="cannot move several refs in one step"):
            client.transport.push("origin", updates)
        assert served.has() == {}
        assert client.push(updates[0]) == {MAIN: None}

    def test_a_branch_that_is_locked_at_the_remote_refuses_all(self, client: Client, served: Served) -> None:
        updates = RefUpdate(MAIN, client.commit()), RefUpdate("refs/tags/t", client.tag("t"))
        (served.top / "refs" / "heads" / "main.lock").touch()
        assert client.push(*updates) == {MAIN: Refusal.MOVED, "refs/tags/t": Refusal.ATOMIC}
        assert served.has() == {}

    def test_the_pre_push_hook_of_the_clone_sees_the_updates(
        self, client: Client, served: Served, tmp_path: Path
    ) -> None:
        first = client.commit()
        client.push(RefUpdate(MAIN, first))
        second, tag = client.commit(text="2"), client.tag("t")
        hook = client.top / ".git" / "hooks" / "pre-push"
        copy = 'while read line; do echo "$line"; done'
        write_hook(hook, f'{{ pwd; echo "$@"; {copy}; }} > {tmp_path}/seen')
        updates = RefUpdate(MAIN, second), RefUpdate("refs/tags/t", tag)
        assert client.push(*updates) == {MAIN: None, "refs/tags/t": None}
        where, arguments, *lines = (tmp_path / "seen").read_text().splitlines()
        assert (where, arguments) == (str(client.top), f"origin {served.url}")
        assert sorted(line.split()[1:] for line in lines) == sorted(
            [[second, MAIN, first], [tag, "refs/tags/t", ABSENT]]
        )
        write_hook(hook, "echo 'the tests fail' >&2; exit 1")
        with pytest.raises(Conflict, match="hook 'pre-push' refused the push: the tests fail"):
            client.transport.push("origin", [RefUpdate(MAIN, client.commit(text="3"))])
        assert served.has()[MAIN] == second

    # -- fetch --------------------------------------------------------------------------------------------

    def test_a_fetch_moves_the_refs_on_the_right_and_no_tag(self, client: Client, other: Client) -> None:
        commit, tag = client.commit(), client.tag("m@v1.0")
        client.push(RefUpdate(MAIN, commit), RefUpdate("refs/tags/m@v1.0", tag))
        other.fetch()
        refs = git(other.top, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        assert refs == [f"refs/remotes/origin/main {commit}"]
        other.transport.fetch("origin", ["refs/tags/m@v1.0"])
        assert other.git.has(tag)
        assert git(other.top, "for-each-ref", "--format=%(refname) %(objectname)").splitlines() == refs
        assert not (other.top / ".git" / "FETCH_HEAD").exists()
        git(other.top, "fsck", "--connectivity-only", "--no-dangling")

    def test_a_fetch_follows_no_refspec_but_its_own(self, client: Client, other: Client) -> None:
        commit, tag = client.commit(), client.tag("m@v1.0")
        client.push(RefUpdate(MAIN, commit), RefUpdate("refs/tags/m@v1.0", tag))
        other.commit(text="mine")
        mine = other.tag("m@v1.0")
        git(other.top, "config", "remote.origin.fetch", "+refs/*:refs/*")
        git(other.top, "config", "remote.origin.tagOpt", "--tags")
        other.transport.fetch("origin", ["refs/tags/m@v1.0", "+refs/heads/*:refs/remotes/origin/*"])
        assert git(other.top, "rev-parse", "refs/tags/m@v1.0").strip() == mine
        assert other.git.has(tag)

    def test_a_fetch_again_brings_only_what_is_new(self, client: Client, other: Client) -> None:
        client.push(RefUpdate(MAIN, client.commit()))
        other.fetch()
        other.fetch()
        later = client.commit(text="2")
        client.push(RefUpdate(MAIN, later))
        other.fetch()
        assert other.git.remote_branch_tip("origin", "main") == later
        other.transport.fetch("origin", [])

    def test_a_ref_that_the_remote_lacks_is_named(self, client: Client, other: Client) -> None:
        client.push(RefUpdate(MAIN, client.commit()))
        with pytest.raises(NotFound, match="there is no ref 'refs/heads/absent'"):
            other.transport.fetch("origin", ["+refs/heads/absent:refs/remotes/origin/absent"])
        other.transport.fetch("origin", ["+refs/notes/*:refs/regolo/remote/notes/*"])

    def test_progress_is_reported_in_phases(self, client: Client, other: Client) -> None:
        seen: list[GitProgress] = []
        commit = commit_files(client.top, {f"f{n}": f"{n}" for n in range(50)})
        client.transport.push("origin", [RefUpdate(MAIN, commit)], seen.append)
        assert seen
        assert all(p.total is None or 0 <= p.done <= p.total for p in seen)
        seen.clear()
        other.transport.fetch("origin", ["+refs/heads/*:refs/remotes/origin/*"], seen.append)
        assert seen

    # -- what goes wrong ----------------------------------------------------------------------------------

    def test_a_repository_that_is_not_there_is_not_found(self, client: Client, served: Served) -> None:
        commit = client.commit()
        served.top.rename(served.top.with_name("away"))
        for ask in (
            lambda: client.transport.refs("origin", [MAIN]),
            client.fetch,
            lambda: client.transport.push("origin", [RefUpdate(MAIN, commit)]),
        ):
            with pytest.raises(NotFound, match="remote 'origin': there is no Git repository") as caught:
                ask()
            assert str(caught.value.hint) == "git remote -v"

    def test_five_clones_at_once_lose_nothing(
        self, served: Served, make: MakeTransport, tmp_path: Path
    ) -> None:
        clients = [Client(tmp_path / f"c{n}", served.url, make) for n in range(5)]
        clients[0].push(RefUpdate(MAIN, clients[0].commit()))

        def work(number: int) -> list[str]:
            client, landed = clients[number], []
            for step in range(3):
                for _ in range(200):
                    client.onto_remote()
                    tip = client.git.remote_branch_tip("origin", "main")
                    commit, tag = client.commit(f"m{number}", f"{step}"), client.tag(f"m{number}@v{step}")
                    updates = (
                        RefUpdate(f"refs/tags/m{number}@v{step}", tag, ABSENT),
                        RefUpdate(MAIN, commit, tip),
                    )
                    pushed = client.transport.push("origin", updates)
                    if not pushed.refused:
                        landed.append(commit)
                        break
                    assert pushed.lost_race, pushed
            return landed

        with ThreadPoolExecutor(5) as pool:
            landed = [commit for commits in pool.map(work, range(5)) for commit in commits]
        assert len(landed) == 15
        history = git(served.top, "rev-list", "main").split()
        assert set(landed) < set(history)
        assert len(history) == 16
        assert len(served.has()) == 16
