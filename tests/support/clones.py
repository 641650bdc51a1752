"""A host with a bare repository, and clones of it, which share one store or have their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from regolo_git.api import Registry
from regolo_git.registry.sync.push import PushResult, push
from support.git_program import git, new_repository
from support.program import run_program


@dataclass
class Team:
    """Clones of one host, opened as they are asked for."""

    host: Path
    store: Path | None
    stack: ExitStack
    opened: dict[str, Registry] = field(default_factory=dict)

    def clone(self, name: str) -> Registry:
        """A clone by its name, made when it is asked for first."""
        if name not in self.opened:
            top = self.host.parent / name
            git(self.host.parent, "clone", "-q", str(self.host), name)
            if self.store is not None:
                git(top, "config", "regolo.store", str(self.store))
            self.opened[name] = self.stack.enter_context(Registry.open(top))
        return self.opened[name]

    def tags(self) -> dict[str, str]:
        """The tags of the host, with what they are of."""
        lines = git(self.host, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags")
        return dict(line.split(" ") for line in lines.splitlines())

    def numbers(self, model: str) -> list[str]:
        """The numbers of a model's versions on the host, by the manifests of its branch, the oldest first."""
        path = f"models/{model}/manifest.toml"
        commits = git(self.host, "log", "--reverse", "--format=%H", "main", "--", path).split()
        texts = [git(self.host, "show", f"{commit}:{path}") for commit in commits]
        return [text.split('version = "', 1)[1].partition('"')[0] for text in texts]


@pytest.fixture
def team(registry: Registry, tmp_path: Path) -> Iterator[Team]:
    """A host that has `m@1.0`, and `ours` and `theirs` beside others."""
    top = registry.handle.paths.top
    registry.register_model("m", b"one", metadata={"license": "mit"})
    git(tmp_path, "clone", "-q", "--bare", str(top), "host.git")
    with ExitStack() as stack:
        yield Team(tmp_path / "host.git", top / ".git/regolo/store", stack)


def pushed(registry: Registry, *models: str) -> PushResult:
    """Pushes, as another process would: nothing that was read before is kept."""
    with Registry.open(registry.handle.paths.top) as opened:
        return push(opened.handle, models)


def status(registry: Registry) -> str:
    """What git says of the work tree, and of the branch beside its remote's."""
    return git(registry.handle.paths.top, "status", "--short", "--branch").rstrip()


def diverge(team: Team) -> Registry:
    """A clone whose `main` has a commit by hand, and whose remote has another version."""
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    top = ours.handle.paths.top
    (top / "README").write_text("mine")
    git(top, "add", "README")
    git(top, "commit", "-qm", "say what it is")
    return ours


def make_host(place: Path) -> None:
    """`host.git` with a version of a model, and its clones `ours` and `theirs`, which name it relatively.

    So the directory can be copied, and everything works in the copy.
    """
    top = new_repository(place / "first")
    for key, value in {"user.name": "Ada Byron", "user.email": "ada@example.com"}.items():
        git(top, "config", key, value)
    with Registry.init(top) as registry:
        registry.register_model("m", b"one")
    assert run_program(top, "config", "store.url", "../shared").returncode == 0
    git(place, "clone", "-q", "--bare", "first", "host.git")
    for name in ("ours", "theirs"):
        git(place, "clone", "-q", "host.git", name)
        git(place / name, "remote", "set-url", "origin", "../host.git")
        git(place / name, "config", "user.name", name)
        git(place / name, "config", "user.email", f"{name}@example.com")
    git(top, "remote", "add", "origin", "../host.git")
    assert run_program(top, "push", "--yes").returncode == 0
