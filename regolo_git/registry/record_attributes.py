"""The lines of `.gitattributes` that keep the registry's records out of every conversion of Git.

Records are compared byte by byte.  A filter such as Git LFS's on `models/**`, an encoding or another line
ending would make each of them look edited, and the user's next `git add` would commit the converted file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from regolo_git.git.attributes import (
    FILE_NAME,
    Attributes,
    attribute_files,
    attributes_here,
    attributes_in_clones,
    conversion,
    may_have_filter,
)
from regolo_git.git.repository import GitRepository
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors
from regolo_git.records.paths import CONFIG_PATH, ENDPOINTS, ENVIRONMENTS, MODELS
from regolo_git.system_calls import read_ordinary

OWN_DIRECTORY = ".regolo"
# `-working-tree-encoding` and not `!`: git takes both, and the first also beats a macro.
# A clone that does not know the drivers (`drivers.py`) compares and merges text.
PLAIN = "text eol=lf -filter -ident -working-tree-encoding diff=regolo merge=regolo"
LINES = f"""\
# regolo: records have one byte form, and no filter changes them
/{OWN_DIRECTORY}/** {PLAIN}
/{MODELS}/**/*.toml {PLAIN}
/{ENVIRONMENTS}/**/*.toml {PLAIN}
/{ENDPOINTS}/**/*.toml {PLAIN}
"""
# 0.1.0 wrote these.  They leave filters on, and convert the line endings of every other file in `models/`.
FORMER_LINES = """\
# regolo: records have one byte form
/.regolo/** text eol=lf
/models/** text eol=lf
/environments/** text eol=lf
/endpoints/** text eol=lf
"""
BEFORE_DRIVERS = LINES.replace("diff=regolo merge=regolo", "!diff !merge")
# For a `.gitattributes` below the top, whose lines win over those of the top.
NESTED_LINES = f"# regolo: no filter changes records\n*.toml {PLAIN}\n"
# Asked about beside the records that are there, for the records that will be.
EXAMPLES = (
    CONFIG_PATH,
    f"{MODELS}/model/manifest.toml",
    f"{MODELS}/model/model.toml",
    f"{ENVIRONMENTS}/production/model.toml",
    f"{ENDPOINTS}/endpoint.toml",
)


def record_paths(git: GitRepository, commit: str | None) -> list[str]:
    """The paths of the records of a commit, and examples of paths for new ones."""
    found = set(EXAMPLES)
    for directory in (OWN_DIRECTORY, MODELS, ENVIRONMENTS, ENDPOINTS):
        for path, _ in git.list_files(commit, directory):
            if path.endswith(".toml"):
                found.add(path)
            elif path.endswith(f"/{FILE_NAME}"):
                found.add(f"{PurePosixPath(path).parent}/new/manifest.toml")
    return sorted(found)


def converted(found: Mapping[str, Attributes]) -> dict[str, str]:
    """The paths whose content git would convert, and the conversion."""
    problems = ((path, conversion(attributes)) for path, attributes in found.items())
    return {path: problem for path, problem in problems if problem is not None}


def converted_in_clones(git: GitRepository, commit: str | None, paths: Sequence[str]) -> dict[str, str]:
    """The records that git would convert in a new clone of a commit."""
    return converted(attributes_in_clones(git, commit, {}, paths))


def needed_attributes(git: GitRepository, commit: str | None, paths: Sequence[str]) -> dict[str, bytes]:
    """The `.gitattributes` files to commit, so that git converts no record in any clone; empty if none does.

    Only the top file is changed, unless one further down overrules it.
    """
    held = attribute_files(git, commit, paths)
    contents = {path: git.read_blob(oid) for path, oid in held.items()}
    top = contents.get(FILE_NAME, b"")
    current = LINES.encode() in top
    changed = {} if current else {FILE_NAME: _with_lines(top)}
    bad = converted(attributes_in_clones(git, commit, changed, paths))
    if bad and current:
        changed = {FILE_NAME: _with_lines(top)}  # later lines of the same file overrule them
        bad = converted(attributes_in_clones(git, commit, changed, paths))
    for path in _nested(contents, bad):
        changed[path] = _appended(contents[path], NESTED_LINES)
    return {path: content for path, content in changed.items() if content != contents.get(path)}


def has_former_lines(git: GitRepository, commit: str | None) -> bool:
    """Whether the top `.gitattributes` has the lines that 0.1.0 wrote."""
    return FORMER_LINES.encode() in (git.read_file(commit, FILE_NAME) or b"")


def converted_here(git: GitRepository, paths: Sequence[str]) -> dict[str, str]:
    """The records that git converts in the work tree of this clone."""
    return converted(attributes_here(git, paths))


def converted_when_added(git: GitRepository, paths: Iterable[str]) -> dict[str, str]:
    """The records among some paths that a filter would change on `git add`; git is asked only if it may."""
    suspect = [path for path in paths if path.endswith(".toml") and may_have_filter(git, path)]
    return converted_here(git, suspect) if suspect else {}


def override_here(git: GitRepository) -> None:
    """Adds the lines to this clone's `info/attributes`, which wins over every other file."""
    place = git.paths.common_dir / "info" / "attributes"
    with git_errors(f"file '{place}'"):
        held = read_ordinary(place) if place.exists() else b""
        replace_file(place, _with_lines(held), durable=True)


def _nested(contents: Mapping[str, bytes], bad: Mapping[str, str]) -> Iterator[str]:
    """The files further down that apply to one of the paths."""
    parents = {str(parent) for path in bad for parent in PurePosixPath(path).parents}
    for path in contents:
        if path != FILE_NAME and str(PurePosixPath(path).parent) in parents:
            yield path


def _with_lines(content: bytes) -> bytes:
    """The lines at the end, where they win, and nowhere else."""
    for former in (FORMER_LINES, BEFORE_DRIVERS, LINES):
        content = content.replace(former.encode(), b"")
    return _appended(content, LINES)


def _appended(content: bytes, lines: str) -> bytes:
    content = content.replace(lines.encode(), b"")
    if content and not content.endswith(b"\n"):
        content += b"\n"
    return content + lines.encode()
