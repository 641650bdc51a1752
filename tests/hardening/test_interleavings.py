"""Clones that change, push and pull in a random order: nothing is lost, nothing contradicts, hints lead out.

The order is that of a seed, so a failure can be repeated.  `REGOLO_SEEDS=100-120` tries others.
"""

import os
import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.git_program import git, new_repository

from regolo_git.api import Registry
from regolo_git.errors import RegoloError
from regolo_git.maintenance.fsck.fsck import check_registry

pytestmark = pytest.mark.slow  # half a minute for a seed
FIRST, _, LAST = os.environ.get("REGOLO_SEEDS", "8-9").partition("-")
ACTS = 24
STEPS = 12  # of hints that are followed, until one is a way out
MODELS = ("m", "n")
PLACES = ("staging", "production")


class World:
    """A host, a shared store in a directory, and three clones; `made` has the digests of their versions."""

    def __init__(self, place: Path, seed: int, *, operations: bool) -> None:
        self.place, self.host = place, place / "host.git"
        self.random, self.made, self.told = random.Random(seed), set[str](), list[str]()
        (place / "shared").mkdir()
        git(place, "init", "-q", "--bare", "-b", "main", "host.git")
        first = self.named(new_repository(place / "c0"))
        with Registry.init(first) as registry:
            for model in MODELS:
                registry.register_model(model, f"first {model}".encode())
        git(first, "remote", "add", "origin", "../host.git")
        self.run(first, "git regolo config store.url ../shared")
        if operations:
            self.run(first, "git regolo config registry.operations ops")
        self.run(first, "git regolo push --yes")
        self.clones = [first, *(self.cloned(f"c{number}") for number in (1, 2))]

    def named(self, top: Path) -> Path:
        git(top, "config", "user.name", top.name)
        git(top, "config", "user.email", f"{top.name}@example.com")
        return top

    def cloned(self, name: str) -> Path:
        git(self.place, "clone", "-q", "host.git", name)
        git(self.place / name, "remote", "set-url", "origin", "../host.git")
        self.run(self.named(self.place / name), "git regolo pull --yes")
        with opened(self.place / name) as registry:
            url = registry.handle.config().store_url
            assert url is not None
            registry.handle.shared_stores.confirm_url(url)
        return self.place / name

    def run(self, top: Path, line: str) -> subprocess.CompletedProcess[str]:
        """Types a command line."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=top,
            env={**os.environ, "PATH": path, "GIT_EDITOR": "true", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        self.told.append(f"{top.name}$ {line} -> {done.returncode} {done.stderr}")
        assert "unexpected" not in done.stderr, self.story()
        return done

    def story(self) -> str:
        return "\n".join(self.told)

    # -- what the clones do -------------------------------------------------------------------------------

    def act(self) -> None:
        """Something that one of the clones does; the registry may refuse it."""
        top = self.random.choice(self.clones)
        verb = self.random.choices(list(VERBS), [weight for weight, _ in VERBS.values()])[0]
        if verb in ("push", "pull"):
            self.exchange(top, verb)
            return
        with opened(top) as registry, suppress(RegoloError):
            model = self.random.choice(MODELS)
            versions = [each.version for each in registry.list_model_versions(model)]
            self.told.append(f"{top.name}: {verb} {model} of {versions}")
            VERBS[verb][1](self, registry, model, self.random.choice(versions))

    def exchange(self, top: Path, verb: str) -> None:
        """Pushes or pulls, and follows hints until it goes through."""
        for _ in range(STEPS):
            done = self.run(top, f"git regolo {verb} --yes")
            step = next_step(done.stderr)
            if step is None:
                assert done.returncode == 0, self.story()
                return
            self.follow(top, step)
        raise AssertionError(self.story())

    def follow(self, top: Path, step: str) -> None:
        for part in step.split(" && "):
            if part.startswith("git regolo list"):  # no version is good, so nothing is served
                with opened(top) as registry, suppress(RegoloError):
                    for endpoint in registry.list_endpoints():
                        registry.delete_endpoint(endpoint.endpoint)
                continue
            done = self.run(top, part)
            if "pull --rebase" in part and done.returncode:
                self.resolve(top)
            elif done.returncode and part.split()[2] not in ("push", "pull"):
                self.follow(top, next_step(done.stderr) or "false")

    def resolve(self, top: Path) -> None:
        """Takes one of both sides in each conflict of a rebase."""
        while (top / ".git" / "rebase-merge").is_dir():
            side = self.random.choice(("--ours", "--theirs"))
            for path in git(top, "diff", "--name-only", "--diff-filter=U").split():
                if self.run(top, f"git checkout -q {side} -- '{path}'").returncode:
                    self.run(top, f"git rm -q --cached '{path}'; rm -f '{path}'")
                else:
                    git(top, "add", path)
            if self.run(top, "git rebase --continue").returncode and not git(
                top, "diff", "--name-only", "--diff-filter=U"
            ):
                self.run(top, "git rebase --skip")

    # -- what has to hold ---------------------------------------------------------------------------------

    def tags(self, top: Path) -> dict[str, str]:
        lines = git(top, "for-each-ref", "--format=%(refname) %(objectname)", "refs/tags").splitlines()
        return dict(line.split(" ") for line in lines)

    def check(self) -> None:
        """All clones come to the same, with every version, and without a contradiction."""
        for verb in ("push", "push", "pull", "push"):
            for top in self.clones:
                self.exchange(top, verb)
        for top in self.clones:
            assert self.tags(top) == self.tags(self.host), self.story()
            assert git(top, "status", "--porcelain", "--untracked-files=no") == "", self.story()
            assert git(top, "rev-parse", "main") == git(self.host, "rev-parse", "main"), self.story()
        with opened(self.cloned("fresh")) as registry:
            problems = check_registry(registry.handle).problems
            there = {version.digest for model in MODELS for version in registry.list_model_versions(model)}
        assert [str(problem) for problem in problems] == [], self.story()
        assert self.made <= there, self.story()


@contextmanager
def opened(top: Path) -> Iterator[Registry]:
    with Registry.open(top) as registry, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield registry


def next_step(told: str) -> str | None:
    """The command that an error or a notice names."""
    for line in told.splitlines():
        if line.startswith("hint: git "):
            return line.removeprefix("hint: ").partition("   (")[0]
        _, named, words = line.partition(": git regolo ")
        if named and ("is retired" in line or "is on no branch" in line):
            return f"git regolo {words}"
    return None


Verb = Callable[[World, Registry, str, str], object]


def _commit(world: World, registry: Registry, model: str, _: str) -> None:
    data = f"bytes {len(world.told)}".encode()
    world.made.add(registry.create_model_version(model, model_data=data).digest)


def _promote(world: World, registry: Registry, model: str, version: str) -> None:
    registry.promote_model_version(model, version, world.random.choice(PLACES))


def _at_once(world: World, registry: Registry, model: str, version: str) -> None:
    if world.random.random() < 0.5:
        registry.retire_model_version(model, version, reason="wrong data", push=True)
    registry.promote_model_version(model, version, world.random.choice(PLACES), push=True)


def _traffic(world: World, registry: Registry, model: str, version: str) -> None:
    endpoint = world.random.choice([each.endpoint for each in registry.list_endpoints()] or ["e"])
    registry.update_endpoint_traffic(endpoint, {"1.0": 50, version: 50})


def _rollback(world: World, registry: Registry, model: str, version: str) -> None:
    registry.rollback_endpoint(
        world.random.choice([each.endpoint for each in registry.list_endpoints()] or ["e"])
    )


def _endpoint(world: World, registry: Registry, model: str, version: str) -> None:
    registry.create_endpoint(world.random.choice("efg"), model, version)


VERBS: dict[str, tuple[int, Verb]] = {
    "push": (6, lambda *_: None),
    "pull": (4, lambda *_: None),
    "commit": (6, _commit),
    "promote": (5, _promote),
    "at once": (4, _at_once),
    "retire": (
        4,
        lambda _, registry, model, version: registry.retire_model_version(model, version, reason="old"),
    ),
    "label": (
        2,
        lambda _, registry, model, version: registry.label_model_version(model, version, {"a": "b"}),
    ),
    "endpoint": (2, _endpoint),
    "traffic": (3, _traffic),
    "rollback": (2, _rollback),
}


@pytest.mark.parametrize("operations", [True, False], ids=["two-branches", "one-branch"])
@pytest.mark.parametrize("seed", range(int(FIRST), int(LAST or FIRST)))
def test_nothing_is_lost_and_every_hint_leads_out(tmp_path: Path, seed: int, operations: bool) -> None:
    world = World(tmp_path, seed, operations=operations)
    seen = world.tags(world.host)
    for _ in range(ACTS):
        world.act()
        now = world.tags(world.host)
        assert seen.items() <= now.items(), world.story()
        seen = now
    world.check()
