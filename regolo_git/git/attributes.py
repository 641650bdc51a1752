"""The conversions that git applies to files between the work tree and the repository, as git itself answers.

`.gitattributes` files on every level, `info/attributes`, `core.attributesFile` and macros decide together, so
git is asked and nothing is parsed.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import pygit2

from regolo_git.git.program import NOTHING_ELSE, run_git
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

FILE_NAME = ".gitattributes"
NAMES = ("text", "eol", "filter", "ident", "working-tree-encoding", "merge")
OFF = ("unspecified", "unset")
# Drivers that leave a conflict to people; `union` and others would mix two records.
SAFE_MERGES = (*OFF, "set", "text", "binary")
OWN_DRIVER = "regolo"

Attributes = Mapping[str, str]


def attributes_here(git: GitRepository, paths: Sequence[str]) -> dict[str, Attributes]:
    """The attributes of files in the work tree of this clone; empty without a work tree."""
    if git.paths.work_tree is None:
        return {}
    return _ask(git, paths, (), None, NOTHING_ELSE)


def attributes_in_clones(
    git: GitRepository, commit: str | None, changed: Mapping[str, bytes], paths: Sequence[str]
) -> dict[str, Attributes]:
    """The attributes of files in a new clone of a commit, with some `.gitattributes` files changed."""
    with git_errors(f"'{FILE_NAME}'"):
        blobs = attribute_files(git, commit, paths)
        blobs |= {path: str(git.pygit.create_blob(content)) for path, content in changed.items()}
    lines = "".join(f"100644 {oid}\t{path}\0" for path, oid in blobs.items())
    import tempfile  # noqa: PLC0415 - for `init` and `doctor` only

    from regolo_git.git.scratch import scratch_directory  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name, scratch_directory(git.paths) as scratch:
        index = Path(name) / "index"
        run_git(
            git.paths.git_dir, None, "update-index", "-z", "--index-info", given=lines.encode(), index=index
        )
        return _ask(git, paths, ("--cached",), index, scratch)


def attribute_files(git: GitRepository, commit: str | None, paths: Sequence[str]) -> dict[str, str]:
    """The `.gitattributes` files of a commit that apply to some paths, and their blobs; the top one first."""
    places = sorted({str(parent) for path in paths for parent in PurePosixPath(path).parents})
    files = [FILE_NAME, *(f"{place}/{FILE_NAME}" for place in places if place != ".")]
    found = ((path, git.blob_oid(commit, path)) for path in files)
    return {path: oid for path, oid in found if oid is not None}


def may_have_filter(git: GitRepository, path: str) -> bool:
    """Whether the library, which reads attributes in twenty microseconds, finds a filter on a file."""
    if git.paths.work_tree is None:
        return False
    try:
        return isinstance(git.pygit.get_attr(path, "filter"), str)
    except pygit2.GitError:
        return True  # a split or sparse index, which the library cannot read


def conversion(attributes: Attributes) -> str | None:
    """The conversion that changes a file's bytes or mixes two of its states in a merge; None for none."""
    return next(_conversions(attributes), None)


def _conversions(attributes: Attributes) -> Iterator[str]:
    if attributes["filter"] not in OFF:
        yield f"filter '{attributes['filter']}'"
    if attributes["ident"] not in OFF:
        yield "'ident'"
    if attributes["working-tree-encoding"] not in OFF:
        yield f"encoding '{attributes['working-tree-encoding']}'"
    if attributes["text"] != "unset" and attributes["eol"] != "lf":
        yield "a conversion of line endings"
    if attributes["merge"] not in SAFE_MERGES and not attributes["merge"].startswith(OWN_DRIVER):
        yield f"merge driver '{attributes['merge']}'"


def _ask(
    git: GitRepository,
    paths: Sequence[str],
    options: Sequence[str],
    index: Path | None,
    also: Mapping[str, str],
) -> dict[str, Attributes]:
    given = "".join(f"{path}\0" for path in paths).encode()
    work_tree = git.paths.work_tree if index is None else None
    arguments = ("check-attr", *options, "-z", "--stdin", *NAMES)
    answered = run_git(git.paths.git_dir, work_tree, *arguments, given=given, index=index, also=also)
    fields = iter(answered.decode(errors="surrogateescape").split("\0")[:-1])
    found: dict[str, dict[str, str]] = {}
    for path, name, value in zip(fields, fields, fields, strict=True):
        found.setdefault(path, {})[name] = value
    return {path: found[path] for path in paths}
