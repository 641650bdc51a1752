"""The commits of a branch that changed files below some directories, newest first.

Each commit of the branch is compared with its first parent, so a merge stands for all that it brought.  In a
registry of a hundred thousand commits reading a branch takes about a second, so what was read is kept in a
file, and the next reader walks only the commits since.  A reader who stops early reads no further than it
must.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from regolo_git.errors import RegoloError
from regolo_git.git.prefetch import fetch_trees
from regolo_git.git.program import git_lines, run_git
from regolo_git.git.repository import GitRepository
from regolo_git.git.small_files import replace_file
from regolo_git.system_calls import read_ordinary

SHORT = 64  # commits that are walked again rather than recorded
FETCHED = 1000  # commits whose trees a clone without trees fetches ahead
COMPLETE, PARTIAL = "complete", "partial"
# Neither the user's configuration nor a default of git changes what is printed.
PLAIN = (
    "--no-replace-objects", "-c", "core.quotePath=false", "-c", "log.showSignature=false",
    "-c", "log.showRoot=true", "-c", "log.diffMerges=separate", "-c", "diff.renames=false",
)  # fmt: skip
LOG = ("log", "--first-parent", "-m", "--raw", "--no-abbrev", "--no-color", "--format=%H %P")

Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class BranchChange:
    """A commit of a branch that changed a file, compared with its first parent; `added` if it had none."""

    commit: str
    parents: tuple[str, ...]
    path: str
    added: bool


@dataclass(frozen=True, slots=True)
class _Record:
    """What was read of a branch from a tip: a line for each change, newest first, down to the first commit.

    If it is not `complete`, the reader stopped early, maybe between two changes of the last commit.
    """

    tip: str
    lines: tuple[str, ...] = ()
    complete: bool = True


class BranchChanges:
    """The changes below some directories; `file` keeps those of the branch that was read last."""

    def __init__(self, git: GitRepository, file: Path, directories: tuple[str, ...]) -> None:
        self._git = git
        self._file = file
        self._directories = directories

    def of_paths(self, tip: str, wanted: Wanted) -> Iterator[BranchChange]:
        """The changes of the wanted paths, from a tip back.  Raises Conflict with git's own words."""
        for line in self._lines(tip):
            commit, parents, kind, path = line.split(" ", 3)
            if wanted(path):
                yield BranchChange(commit, tuple(parents.split(",")) if parents else (), path, kind == "A")

    def _lines(self, tip: str) -> Iterator[str]:
        record = _load(self._file)
        newer = self._commits_after(record, tip) if record is not None else None
        if record is None or newer is None:
            yield from self._continued(_Record(tip, complete=False))
            return
        new = tuple(self._walk(tip, f"^{record.tip}")) if newer else ()
        record = replace(record, tip=tip, lines=(*new, *record.lines))
        yield from record.lines
        if not record.complete:
            yield from self._continued(record)
        elif newer > SHORT:
            self._save(record)

    def _continued(self, record: _Record) -> Iterator[str]:
        """The lines below those of a record; how far the caller went is recorded."""
        start = record.lines[-1].partition(" ")[0] if record.lines else record.tip
        # The first commit may have been left in the middle of its lines.
        again = sum(line.startswith(f"{start} ") for line in record.lines)
        lines, complete = [*record.lines[: len(record.lines) - again]], False
        try:
            for number, line in enumerate(self._walk(start)):
                lines.append(line)
                if number >= again:
                    yield line
            complete = True
        finally:
            if complete or len(lines) > len(record.lines):
                self._save(_Record(record.tip, tuple(lines), complete))

    def _save(self, record: _Record) -> None:
        if not self._git.is_shallow:  # whose oldest commits seem to have added everything in them
            _save(self._file, record)

    def _commits_after(self, record: _Record, tip: str) -> int | None:
        """The number of commits of the branch after the recorded tip; None if that is not on the branch."""
        if record.tip == tip:
            return 0
        if record.tip not in self._git.pygit:
            return None
        line = ("rev-list", "--first-parent", "--parents", tip, f"^{record.tip}", "--")
        commits = run_git(self._git.paths.git_dir, None, "--no-replace-objects", *line).decode().splitlines()
        joined = bool(commits) and commits[-1].split()[1:2] == [record.tip]
        return len(commits) if joined else None

    def _fetch_trees(self, *revisions: str) -> None:
        """Fetches the trees that a clone without trees lacks; git would fetch each alone."""
        if self._git.promised is not None:
            walk = ("--no-replace-objects", "rev-list", "--first-parent", f"-{FETCHED}", *revisions, "--")
            with closing(git_lines(self._git.paths.git_dir, *walk)) as commits:
                fetch_trees(self._git, list(commits))

    def _walk(self, *revisions: str) -> Iterator[str]:
        commit = parents = ""
        self._fetch_trees(*revisions)
        command = (*PLAIN, *LOG, *revisions, "--", *self._directories)
        with closing(git_lines(self._git.paths.git_dir, *command)) as lines:
            for line in lines:
                if line.startswith(":"):
                    columns, _, path = line.partition("\t")
                    yield f"{commit} {parents} {columns[-1]} {path}"
                elif line:
                    commit, _, rest = line.partition(" ")
                    parents = rest.replace(" ", ",")


# -- the file ---------------------------------------------------------------------------------------------


def _load(file: Path) -> _Record | None:
    """The record; None if there is none, or if a kill or a power cut damaged it."""
    try:
        text = read_ordinary(file).decode("utf-8", "surrogateescape")
    except OSError:
        return None
    seal, _, content = text.partition("\n")
    if seal != _seal(content):
        return None
    head, *lines = content.split("\n")
    tip, _, extent = head.partition(" ")
    return _Record(tip, tuple(lines), extent == COMPLETE)


def _save(file: Path, record: _Record) -> None:
    content = "\n".join((f"{record.tip} {COMPLETE if record.complete else PARTIAL}", *record.lines))
    try:
        replace_file(file, f"{_seal(content)}\n{content}".encode("utf-8", "surrogateescape"))
    except (OSError, RegoloError):
        return  # a read-only clone reads the branch each time


def _seal(content: str) -> str:
    return blake2b(content.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
