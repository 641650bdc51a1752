"""Every test has a home, a Git configuration and an author of its own; nothing of the machine's leaks in."""

import gc
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from support.copies import Once, built_once
from support.git_program import new_repository
from support.places import TESTS

# The same examples in every run, however slow the machine; `.ci/run` tries more of some, and
# `--hypothesis-profile=deep` looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("thorough", deadline=None, derandomize=True)
settings.register_profile("deep", deadline=None, max_examples=2000)
settings.load_profile("steady")

KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "SYSTEMROOT")
KEPT_PREFIXES = ("COV_", "COVERAGE", "PYTEST", "HYPOTHESIS")


NUMBERS = count()
SPECIAL = re.compile(r"\W")
NO_BYTECODE = sys.dont_write_bytecode
SLOW_FILE = re.compile(r"^pytestmark = \[?pytest\.mark\.slow\b", re.MULTILINE)

# The files of these folders run longest; begun first, they leave no process waiting for another one's last file.
LONG = ("serving", "docs", "hardening")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts by folder; the order within a file stays."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in LONG)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without slow tests, files of nothing else are not imported, with what they need, by each process."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return SLOW_FILE.search(collection_path.read_text(encoding="utf-8")) is not None or None


def pytest_collection() -> None:
    """Collects in a third of the time: tests last, as collected and as rewritten for their assertions."""
    gc.disable()
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Looking through all that was collected for garbage takes longer than many a test."""
    gc.collect()
    gc.freeze()
    gc.enable()
    sys.dont_write_bytecode = NO_BYTECODE


def pytest_configure() -> None:
    """What a shell hands down and tests depend on: signals ignored in the background, and the umask."""
    os.umask(0o022)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is empty but for an author; the environment has only what a program needs to run."""
    home = tmp_path_factory.getbasetemp() / f"{next(NUMBERS)}-home"
    home.mkdir()
    for name in list(os.environ):
        if name not in KEPT and not name.startswith(KEPT_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Byron\n\temail = ada@example.com\n")
    return home


@pytest.fixture(scope="session", autouse=True)
def library_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home of the tests' own, for libgit2, which looks for its configuration once, and for wider fixtures.

    Fixtures of a module or of the session are set up before `isolated` is.
    """
    import pygit2

    home = tmp_path_factory.mktemp("library-home")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Byron\n\temail = ada@example.com\n")
    for level in (
        pygit2.enums.ConfigLevel.GLOBAL,
        pygit2.enums.ConfigLevel.XDG,
        pygit2.enums.ConfigLevel.SYSTEM,
    ):
        pygit2.settings.search_path[level] = str(home) if level == pygit2.enums.ConfigLevel.GLOBAL else ""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture
def git_repository(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new Git repository on branch `main`, without a commit."""
    top = tmp_path / "repository"

    def build() -> None:
        new_repository(top)
        for sample in top.glob(".git/hooks/*.sample"):  # more files than all others of a new registry
            sample.unlink()

    built_once(tmp_path_factory, "git_repository", top, build)
    return top


@pytest.fixture
def once(git_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Once:
    """For fixtures that always build the same on `git_repository`, which may be open but not yet read.

    A copy adds and changes files, and deletes none.
    """

    def run(build: Callable[[], object]) -> None:
        built_once(tmp_path_factory, f"{build.__module__}.{build.__qualname__}", git_repository, build)

    return run


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the test; pytest's own looks through those of all other tests for a free name."""
    directory = tmp_path_factory.getbasetemp() / f"{next(NUMBERS)}-{SPECIAL.sub('_', request.node.name)[:30]}"
    directory.mkdir()
    return directory
