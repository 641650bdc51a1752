"""The files of the commit that is about to be created, read by the `git` program alone.

A hook runs at every commit, and importing the Git library would take longer than all that it does.  The index
is the one that git names: of a partial commit (`git commit FILE`) it is not that of the work tree.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import environment_of_git, git_program, index_in_use, merged_commits

LINK, SUBMODULE = "120000", "160000"
LINK_LIMIT = 4096  # bytes of the path in a link; no system has longer ones
RAW = ("--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--diff-filter=ACDMT")


class StagedFile(NamedTuple):
    """A file in the index: its path, the object of its content, and its mode as git writes it."""

    path: str
    oid: str
    mode: str

    def has_content(self, size: int) -> bool:
        """Whether its `size` bytes are a file's; they are not for a link, unless it cannot be one."""
        return self.mode != LINK or size > LINK_LIMIT


class StagedFiles:
    """What an index has beyond HEAD, or the files in it that were named; `paths` are the repository's.

    `removed` are the paths that it has no longer, unless files were named.
    """

    def __init__(self, paths: RepositoryPaths, named: Sequence[str] = ()) -> None:
        """`named` are paths as seen from the working directory; without any, what is staged."""
        self.paths = paths
        self.index = index_in_use()
        self.removed: tuple[str, ...] = ()
        self.files = tuple(self._named(named) if named else self._staged())

    def committed_elsewhere(self) -> frozenset[tuple[str, str]]:
        """The path and object of the files that a merge takes over as another of its commits has them."""
        others = self._merged()
        if not others:
            return frozenset()
        new = [_keys(self._staged(other)) for other in others]
        return _keys(self.files).difference(frozenset.intersection(*new))

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """The sizes of objects in bytes, without those that this clone lacks."""
        lines = self._run("cat-file", "--batch-check", given="".join(f"{oid}\n" for oid in oids))
        fields = (line.split() for line in lines.decode().splitlines())
        return {oid: int(size) for oid, _, size in (line for line in fields if len(line) == 3)}

    def contents(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """The content of each object, by its id or any other name for it; None if there is none.

        One is in memory at a time.
        """
        if not names:
            return
        with tempfile.TemporaryFile() as asked:
            asked.write("".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"))
            asked.seek(0)
            process = subprocess.Popen(
                [git_program(), "cat-file", "--batch"],
                stdin=asked, stdout=subprocess.PIPE, env=self._environment(), cwd=self.paths.top,
            )  # fmt: skip
        assert process.stdout is not None
        with process, process.stdout as answers:
            for _ in names:
                header = answers.readline().split()
                if len(header) != 3 or not header[2].isdigit():
                    yield None
                    continue
                yield answers.read(int(header[2]))
                answers.read(1)

    def content_at(self, revision_and_path: str) -> bytes | None:
        """The content at a path of a revision, as in `HEAD:models/m/model.toml`; None if there is none."""
        return next(self.contents([revision_and_path]))

    def settings(self, section: str) -> dict[str, str]:
        """The last value of each key of a section in git's configuration, keys in lower case."""
        return read_settings(self.paths, section)

    def _staged(self, against: str | None = None) -> list[StagedFile]:
        words = self._run("diff", *RAW, *([against] if against else []), "--").split(b"\0")[:-1]
        found, removed = [], []
        for fields, path in zip(words[::2], words[1::2], strict=True):
            mode_before, mode, before, oid, status = fields.decode().split(" ")
            if status == "D":
                removed.append(os.fsdecode(path))
                continue
            was_link = mode_before.removeprefix(":") == LINK
            if mode != SUBMODULE and (oid != before or was_link or mode == LINK):
                found.append(StagedFile(os.fsdecode(path), oid, mode))
        if against is None:
            self.removed = tuple(removed)
        return found

    def _named(self, named: Sequence[str]) -> list[StagedFile]:
        top = self.paths.top.resolve()
        wanted = [os.path.relpath(Path(each).absolute(), top) for each in named]
        entries = self._run("--literal-pathspecs", "ls-files", "--stage", "-z", "--", *wanted)
        found = []
        for entry in entries.split(b"\0")[:-1]:
            fields, _, path = entry.partition(b"\t")
            mode, oid, _ = fields.decode().split(" ")
            if mode != SUBMODULE:
                found.append(StagedFile(os.fsdecode(path), oid, mode))
        return found

    def _merged(self) -> list[str]:
        noted = self.paths.git_dir / "MERGE_HEAD"
        return noted.read_text().split() if noted.is_file() else merged_commits()

    def _run(self, *arguments: str, given: str = "") -> bytes:
        return _output(self.paths, self._environment(), arguments, given)

    def _environment(self) -> dict[str, str]:
        return environment_of_git(self.paths.git_dir, self.paths.work_tree, self.index)


def _keys(files: Iterable[StagedFile]) -> frozenset[tuple[str, str]]:
    return frozenset((file.path, file.oid) for file in files)


def read_settings(paths: RepositoryPaths, section: str) -> dict[str, str]:
    """The last value of each key of a section in git's configuration, keys in lower case."""
    environment = environment_of_git(paths.git_dir, paths.work_tree, None)
    listed = _output(paths, environment, ("config", "--list", "--includes", "-z"), "")
    pairs = (entry.partition("\n")[::2] for entry in os.fsdecode(listed).split("\0")[:-1])
    return {key: value for key, value in pairs if key.startswith(f"{section}.")}


def _output(
    paths: RepositoryPaths, environment: dict[str, str], arguments: Sequence[str], given: str
) -> bytes:
    done = subprocess.run(
        [git_program(), *arguments],
        input=given.encode(), capture_output=True, check=False, env=environment, cwd=paths.top,
    )  # fmt: skip
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().split("\n")[0]
        raise Conflict(f"git {arguments[0]}: {words}", "git status")
    return done.stdout
