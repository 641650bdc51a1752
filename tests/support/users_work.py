"""What git says of the files that are somebody's own, to the flags of their index entries."""

import re
from dataclasses import dataclass
from pathlib import Path

from support.everything import Files, work_tree
from support.git_program import git

OURS = (
    "models/", "environments/", "endpoints/", ".regolo/", ".gitignore", ".gitattributes", "model.safetensors",
    "words/", "new.bin",
)  # fmt: skip
ENTRY = re.compile(r"(?P<mode>\d+) (?P<oid>\w+) (?P<stage>\d)\t(?P<path>[^\0]*)\0(?P<rest>(?:  .*\n)*)")


@dataclass(frozen=True)
class UsersWork:
    """Lines of status, index entries (mode, oid, stage, flags) and bytes on disk, all of files not ours."""

    status: frozenset[str]
    entries: frozenset[tuple[str, str, str, str, str]]
    files: Files
    under_way: Files

    @classmethod
    def of(cls, top: Path) -> "UsersWork":
        status = _records(git(top, "status", "--porcelain=v2", "--untracked-files=all", "-z"))
        listed = git(top, "ls-files", "--stage", "--debug", "-z")
        entries = [
            (found["path"], found["mode"], found["oid"], found["stage"], _flags(found["rest"]))
            for found in ENTRY.finditer(listed)
        ]
        return cls(
            frozenset(line for line in status if not is_ours(_path(line))),
            frozenset(entry for entry in entries if not is_ours(entry[0])),
            {name: value for name, value in work_tree(top).items() if not is_ours(name)},
            {p.name: (0, p.read_bytes()) for p in (top / ".git").glob("*_HEAD") if p.name != "ORIG_HEAD"},
        )


def is_ours(path: str) -> bool:
    """Whether a version, or its commit, may write a path."""
    return path.startswith(OURS)


def _records(text: str) -> list[str]:
    """The records of `status -z`; a rename's former path follows it in a record of its own."""
    waiting = iter(text.split("\0"))
    return [
        f"{record}\0{next(waiting)}" if record.startswith("2 ") else record for record in waiting if record
    ]


def _path(record: str) -> str:
    kind = record[:1]
    words = {"1": 8, "2": 9, "u": 10, "?": 1, "!": 1}[kind]
    return record.partition("\0")[0].split(" ", words)[words]


def _flags(about: str) -> str:
    found = re.search(r"flags: (\w+)", about)
    assert found is not None, about
    return found[1]
