"""Git's configuration, as git itself would read it.

The library reads the configuration files, in a fifth of a millisecond.  Its answer is git's unless a file is
included on a condition, which the library knows only in part, or the environment adds values or replaces
files (`git -c`): then the `git` program is asked, once for each state of the files.
"""

import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import pygit2
from pygit2.enums import ConfigLevel

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import (
    configuration_homes,
    ignores_system_configuration,
    overrides_configuration,
    overriding_values,
)
from regolo_git.git.program import run_git
from regolo_git.git.refs_state import head_branch
from regolo_git.git.translate import git_errors

SIGNS_COMMITS, SIGNS_TAGS = "commit.gpgSign", "tag.gpgSign"  # see `signing.py`
TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off", "")
INCLUSIONS = ("include.", "includeif.")
OF_SYSTEM = (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM)


class Settings(NamedTuple):
    """The last value of each key, None for a key without a value; sections and names are in lower case."""

    values: Mapping[str, str | None]
    included: tuple[str, ...] = ()  # the files that inclusions name, on whatever condition

    def get(self, key: str) -> str | None:
        """The value of a key; None if it is not set."""
        return self.values.get(_normal(key))

    def is_true(self, key: str) -> bool:
        """Whether a boolean key is set and true, as git reads booleans."""
        normal = _normal(key)
        if normal not in self.values:
            return False
        value = self.values[normal]
        if value is None or value.lower() in TRUE:
            return True
        return value.lower() not in FALSE and value.strip("0") != ""

    def below(self, section: str) -> dict[str, str | None]:
        """Every key of a section and its subsections, with its value."""
        return {key: value for key, value in self.values.items() if key.startswith(f"{section}.")}


class _Steady(threading.local):
    """Whether this thread wants the settings as of one moment, and those settings."""

    wanted = False
    settings: Settings | None = None


class SettingsReader:
    """Reads the settings of one repository again when a file or the environment that they come from changed.

    A command asks for settings some thirty times; looking at the files takes a tenth of reading them.
    """

    def __init__(self, paths: RepositoryPaths) -> None:
        self._paths = paths
        self._files = _configuration_files(paths)
        self._known: tuple[object, Settings] | None = None
        self._steady = _Steady()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Answers this thread in a block with the settings as of its first question."""
        held = self._steady
        if held.wanted:
            yield
            return
        held.wanted = True
        try:
            yield
        finally:
            held.wanted, held.settings = False, None

    def read(self, repository: pygit2.Repository) -> Settings:
        """The current settings.  Raises Conflict for a configuration that git cannot read."""
        if self._steady.settings is not None:
            return self._steady.settings
        known = self._known
        if known is None or known[0] != self._state(known[1]):
            settings = self._read(repository)
            self._known = known = self._state(settings), settings
        if self._steady.wanted:
            self._steady.settings = known[1]
        return known[1]

    def _state(self, settings: Settings) -> object:
        """Everything that the settings depend on, as it is now."""
        included = settings.included
        branch = head_branch(self._paths) if included else None
        homes = configuration_homes()
        files = [*self._files, *(_of_home(homes) if homes else ()), *self._included(included)]
        return overriding_values(), homes, branch, [_stat(file) for file in files]

    def _read(self, repository: pygit2.Repository) -> Settings:
        with git_errors("git's configuration"):
            entries, is_text = _entries(repository)
        values = {name: value for name, value, _ in entries}
        as_git = is_text and _reads_as_git(values, {level for *_, level in entries})
        included = tuple(value for name, value, _ in entries if name.startswith(INCLUSIONS) and value)
        if as_git or shutil.which("git") is None:
            return Settings(values, included)
        return Settings(self._ask(), included)

    def _ask(self) -> dict[str, str | None]:
        listed = run_git(self._paths.git_dir, self._paths.work_tree, "config", "--list", "--includes", "-z")
        found: dict[str, str | None] = {}
        for entry in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            key, has_value, value = entry.partition("\n")
            found[key] = value if has_value else None
        return found

    def _included(self, names: Iterable[str]) -> Iterator[str]:
        """The places of included files; a relative one may be beside any of the files."""
        places = (str(self._paths.common_dir), *(configuration_homes() or ()))
        for name in names:
            yield from (os.path.join(place, os.path.expanduser(name)) for place in places)  # noqa: PTH111, PTH118 - speed


def _configuration_files(paths: RepositoryPaths) -> tuple[str, ...]:
    system = pygit2.settings.search_path[ConfigLevel.SYSTEM] or "/etc"
    own = str(paths.common_dir / "config"), str(paths.git_dir / "config.worktree")
    return (*own, *(f"{directory}/gitconfig" for directory in system.split(":")))


def _of_home(homes: tuple[str, str]) -> tuple[str, str]:
    return f"{homes[0]}/.gitconfig", f"{homes[1]}/config"


def _stat(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - a path object takes longer than the call
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def follow_home() -> None:
    """Makes the library look for the user's configuration in the current home.

    The library looks for the home once, when it is loaded; git looks each time.
    """
    homes = configuration_homes()
    for level, home in zip((ConfigLevel.GLOBAL, ConfigLevel.XDG), homes or (), strict=False):
        if pygit2.settings.search_path[level] != home:
            pygit2.settings.search_path[level] = home


def _entries(repository: pygit2.Repository) -> tuple[list[tuple[str, str | None, ConfigLevel]], bool]:
    """The entries that the library reads, lowest level first, and whether all of them are UTF-8."""
    entries, is_text = [], True
    for entry in repository.config:
        try:
            entries.append((entry.name, entry.value, entry.level))
        except UnicodeDecodeError:
            is_text = False
    return entries, is_text


def _reads_as_git(values: Mapping[str, str | None], levels: set[ConfigLevel]) -> bool:
    if overrides_configuration() or any(key.startswith("includeif.") for key in values):
        return False
    return not (ignores_system_configuration() and levels.intersection(OF_SYSTEM))


def _normal(key: str) -> str:
    """Section and name in lower case; a subsection between them stays as it is."""
    section, _, rest = key.partition(".")
    subsection, dot, name = rest.rpartition(".")
    return f"{section.lower()}.{subsection}{dot}{name.lower()}"
