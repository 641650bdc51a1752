"""Which of two tips of a proposal took the other's place, told by what they propose.

The reflog of a branch tells it, too, but a clone may have none (`core.logAllRefUpdates`), and git forgets
after 30 days what no branch has any more.  What was made again is on a later commit of the branch that it is
for, and says the same but for number, parents and seal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regolo_git.errors import RegoloError
from regolo_git.git.commit_again import changes_of
from regolo_git.git.history import common_commit, is_in_history
from regolo_git.git.refs_state import line_tips
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import MODELS, manifest_path, model_of_evaluations, model_of_labels
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.record_parsers import parse_evaluations, parse_labels


def is_made_again(handle: Handle, older: str, newer: str) -> bool:
    """Whether the commit `newer` goes on from `older`, or makes the same proposal again.

    False where this cannot be told, as without one of the commits.
    """
    git = handle.git
    if not (git.has(older) and git.has(newer)):
        return False
    if is_in_history(git, older, newer):
        return True
    targets = line_tips(handle.paths, handle.registry_branch(), handle.config().lines)
    try:
        return any(_is_later_on(handle, older, newer, target) for target in set(targets.values()))
    except RegoloError:
        return False  # of a record that cannot be read: the review says what is wrong with it


def _is_later_on(handle: Handle, older: str, newer: str, target: str) -> bool:
    before, now = (common_commit(handle.git, tip, target) for tip in (older, newer))
    if before is None or now is None or before == now or not is_in_history(handle.git, before, now):
        return False
    changed, kept = changes_of(handle.git, older, before), changes_of(handle.git, newer, now)
    return kept.keys() <= changed.keys() and all(
        _says_the_same(handle, path, older, newer) for path in changed
    )


def _says_the_same(handle: Handle, path: str, older: str, newer: str) -> bool:
    """Whether a record is that of the older commit, but for the number of its version."""
    before, now = (handle.git.read_file(commit, path) for commit in (older, newer))
    if before is None or now is None or before == now:
        return before == now
    model = path.removeprefix(f"{MODELS}/").rpartition("/")[0]
    held, new = (handle.records_at(commit).manifest(model) for commit in (older, newer))
    if held is None or new is None:
        return False
    if path == manifest_path(model):
        return replace(held, version=new.version, parents=new.parents, seal=new.seal) == new
    moved = with_number(path, before, held, new.version)
    lines = _lines(path, now)
    return bool(lines) and all(line in lines for line in _lines(path, moved))


def _lines(path: str, content: bytes) -> Sequence[object]:
    """The independent lines of a record; none if it is of another kind."""
    if model_of_evaluations(path) is not None:
        return parse_evaluations(content, path).entries
    return parse_labels(content, path).entries if model_of_labels(path) is not None else ()


def with_number(path: str, content: bytes, held: Manifest, number: str) -> bytes:
    """A record with another number where it names the version `held`."""
    is_evaluation, is_label = model_of_evaluations(path) is not None, model_of_labels(path) is not None
    if not (is_evaluation or is_label) or number == held.version:
        return content
    names: Mapping[tuple[str, Digest], str] = {
        (Version.parse(held.version).identity, held.artifact.digest): number
    }
    parse = parse_evaluations if is_evaluation else parse_labels
    record = parse(content, path)
    moved = record.renumbered(names)
    return content if moved == record else moved.to_text().encode()
