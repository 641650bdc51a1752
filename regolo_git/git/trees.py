"""Edits trees without an index or a work tree; only the trees above a changed file are rewritten."""

from collections.abc import Mapping

import pygit2
from pygit2.enums import FileMode

from regolo_git.errors import Conflict

Edits = Mapping[str, str | None]  # path -> blob id, None to delete


def edit_tree(
    repository: pygit2.Repository, tree: pygit2.Tree | None, edits: Edits, written: list[str]
) -> pygit2.Oid:
    """The id of the tree with some files set or deleted; appends the ids of new trees to `written`.

    Raises Conflict if a path goes through a file or would replace a directory.
    """
    edited = _edit(repository, tree, edits, "", written)
    if edited is None:
        edited = repository.TreeBuilder().write()
        written.append(str(edited))
    return edited


def _edit(
    repository: pygit2.Repository, tree: pygit2.Tree | None, edits: Edits, place: str, written: list[str]
) -> pygit2.Oid | None:
    """Edits one level; None if it becomes empty, because Git has no empty directories."""
    builder = repository.TreeBuilder(tree) if tree is not None else repository.TreeBuilder()
    for name, inner in _by_first(edits).items():
        held = tree[name] if tree is not None and name in tree else None
        path = f"{place}{name}"
        if "" in inner:
            if len(inner) > 1:
                raise Conflict(f"'{path}' cannot be both a file and a directory")
            _set_file(builder, name, inner[""], held, path)
            continue
        if held is not None and not isinstance(held, pygit2.Tree):
            raise Conflict(f"'{path}' is a file where a directory is needed", f"git mv {path} elsewhere")
        child = _edit(repository, held, inner, f"{path}/", written)
        if child is not None:
            builder.insert(name, child, FileMode.TREE)
        elif held is not None:
            builder.remove(name)
    if not len(builder):
        return None
    oid = builder.write()
    written.append(str(oid))
    return oid


def _set_file(
    builder: pygit2.TreeBuilder, name: str, blob: str | None, held: pygit2.Object | None, path: str
) -> None:
    if isinstance(held, pygit2.Tree):
        raise Conflict(f"'{path}' is a directory where a file is needed", f"git mv {path} elsewhere")
    if blob is not None:
        builder.insert(name, pygit2.Oid(hex=blob), FileMode.BLOB)
    elif held is not None:
        builder.remove(name)


def _by_first(edits: Edits) -> dict[str, dict[str, str | None]]:
    """Groups the edits by their first path component; the rest is empty for a file at this level."""
    grouped: dict[str, dict[str, str | None]] = {}
    for path, blob in edits.items():
        first, _, rest = path.partition("/")
        grouped.setdefault(first, {})[rest] = blob
    return grouped
