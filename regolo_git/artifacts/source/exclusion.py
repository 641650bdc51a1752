"""The files of a directory that are not part of the artifact, by patterns in the syntax of `.gitignore`.

The last matching pattern decides: first the defaults, then the file `.regoloignore` at the top of the
directory, then the patterns of the version (`--exclude`).  As in Git, nothing in an excluded directory can be
included again by a pattern for a file.
"""

import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from regolo_git.errors import InvalidInput
from regolo_git.text.printable import printable
from regolo_git.text.sizes import size_text

RULES_FILE = ".regoloignore"
RULES_LIMIT = 1 << 16
NAMES = {".git", ".DS_Store", "__pycache__"}
CACHE = ".cache/huggingface"
INSIDE = tuple(f"/{name}/" for name in (*NAMES, CACHE))
DEFAULTS = (*sorted(NAMES), f"**/{CACHE}")


class Rules(Protocol):
    """The patterns that apply to one directory."""

    def match_file(self, path: str) -> bool:
        """Whether a path below it, of a directory with a slash at the end, is left out."""
        ...


class Exclusion:
    """What is left out of one directory; `kept` are paths that belong to the artifact nevertheless."""

    def __init__(self, top: Path, patterns: Sequence[str] = (), kept: Collection[str] = ()) -> None:
        """Raises InvalidInput for a pattern or a file of patterns that cannot be used."""
        self._rules = _rules(_lines_of(top / RULES_FILE), patterns)
        self._kept = frozenset(kept)
        self._kept_directories = {parent for path in kept for parent in _parents(path)}
        self.left_out: list[str] = []

    def leaves_out(self, path: str, *, is_directory: bool) -> bool:
        """Whether a path below the directory is left out; `left_out` collects those that are."""
        if path in self._kept_directories if is_directory else path in self._kept:
            return False
        if not self._rules.match_file(f"{path}/" if is_directory else path):
            return False
        self.left_out.append(path)
        return True


class _Defaults:
    """The default patterns alone, without the 60 ms that the library takes to import."""

    def match_file(self, path: str) -> bool:
        inside = f"/{path}/"
        return any(name in inside for name in INSIDE)


def _rules(lines: Sequence[str], patterns: Sequence[str]) -> Rules:
    if not lines and not patterns:
        return _Defaults()
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - see `_Defaults`

    given = [_checked(pattern) for pattern in patterns]
    for line in (*lines, *given):
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError as error:
            raise InvalidInput(f"pattern '{printable(line)}' is not a pattern of .gitignore") from error
    return GitIgnoreSpec.from_lines([*DEFAULTS, *lines, *given])


def _checked(pattern: str) -> str:
    if not pattern.strip() or pattern.startswith("#") or not pattern.isprintable():
        raise InvalidInput(
            f"'{printable(pattern)}' is not a pattern", "give a name or a glob, such as '*.log'"
        )
    return pattern


def _lines_of(file: Path) -> list[str]:
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInput(f"'{printable(str(file))}' is not an ordinary file")
        if status.st_size > RULES_LIMIT:
            raise InvalidInput(f"'{printable(str(file))}' is larger than {size_text(RULES_LIMIT)}")
        return file.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise InvalidInput(f"'{printable(str(file))}' is not valid UTF-8") from error
    except OSError as error:
        raise InvalidInput(f"'{printable(str(file))}' cannot be read: {error.strerror}") from error


def _parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]
