"""What a push commits again, on record until this clone has it too, and where a pull moves branches.

The remote gets the new commits and tags first; only then do branches and tags of this clone move to them.  A
run that is killed between the two, or between the files and the refs of this clone, leaves this record, from
which the next one completes the work.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import LostRace, RegoloError
from regolo_git.git.advance import Move, advance, take_back_files
from regolo_git.git.history import is_in_history
from regolo_git.git.identity import utc
from regolo_git.git.new_commit import WrittenTag
from regolo_git.git.remote.transport import BRANCHES
from regolo_git.git.small_files import replace_file
from regolo_git.git.tag_columns import columns_of
from regolo_git.git.tag_index import TagRow
from regolo_git.git.translate import git_errors
from regolo_git.records.digests import Digest
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.remote_state import RemoteState
from regolo_git.registry.sync.replay import MovedVersion, Replayed
from regolo_git.registry.versions.renumber_step import Step
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.system_calls import read_ordinary


@dataclass(frozen=True, slots=True)
class Landing:
    """The remote, the branches with their tips before and after, and what was committed again.

    `ends` has the commits that branches have at the remote once it is pushed.
    """

    remote: str
    branches: Mapping[str, Move]
    ends: Mapping[str, str]
    replayed: Replayed

    def tag_moves(self) -> dict[str, Move]:
        """The tags of this clone: the old ones go, and new ones come, also under the name of an old one."""
        moves = {version.step.row.tag: Move(version.step.row.tag_oid, None) for version in self.versions}
        for version in self.versions:
            held = moves.get(version.tag.name, Move(None, None))
            moves[version.tag.name] = Move(held.old, version.tag.oid)
        return moves

    def of_this_clone(self) -> "Landing":
        """The same without a push: it is completed in any case."""
        return replace(self, ends={})

    @property
    def versions(self) -> tuple[MovedVersion, ...]:
        """The versions that were committed again."""
        return self.replayed.versions


def land(handle: Handle, landing: Landing, reason: str = "push") -> None:
    """Moves branches and tags of this clone to what was pushed, and removes the record.

    Raises LostRace if a branch was moved since: then its new commits are left to commit again.
    """
    advance(handle.git, landing.branches, landing.tag_moves(), reason)
    forget_landing(handle)


class Finished(NamedTuple):
    """What a killed run had pushed: its versions, and what this clone cannot simply take over any more.

    `moved` has the branches of this clone that have moved.
    """

    versions: tuple[MovedVersion, ...] = ()
    replayed: Replayed = Replayed()
    moved: tuple[str, ...] = ()


def finish_landing(handle: Handle, state: RemoteState) -> Finished:
    """Completes what a killed run had pushed; a push that never arrived is forgotten.

    Every object that the remote names has to be here.  Raises Conflict for uncommitted changes in the way.
    """
    landing = read_landing(handle)
    if landing is None or not _is_pushed(handle, landing, state):  # whatever the remote is called now
        forget_landing(handle)
        return Finished()
    versions = landing.versions if landing.ends else ()  # a pull has pushed none
    try:
        land(handle, landing)
    except LostRace:
        take_back_files(handle.git, landing.branches)
        left = _still_here(handle, landing)
        if not left.commits:
            forget_landing(handle)  # the user has put it in order
            return Finished()
        return Finished(versions and left.versions, _at_remote(handle, left, state))
    return Finished(versions, moved=tuple(landing.branches))


def _is_pushed(handle: Handle, landing: Landing, state: RemoteState) -> bool:
    return all(_contains(handle, state.branch(name), end) for name, end in landing.ends.items())


def _contains(handle: Handle, tip: str | None, commit: str | None) -> bool:
    return tip is not None and commit is not None and is_in_history(handle.git, commit, tip)


def _still_here(handle: Handle, landing: Landing) -> Replayed:
    """What was committed again and is still on a branch, under commits of the user, too."""
    tips = [handle.git.branch_tip(branch) for branch in landing.branches]
    replayed = landing.replayed
    commits = {
        old: new for old, new in replayed.commits.items() if any(_contains(handle, tip, old) for tip in tips)
    }
    return Replayed(commits, tuple(v for v in replayed.versions if v.step.row.commit_oid in commits))


def _at_remote(handle: Handle, replayed: Replayed, state: RemoteState) -> Replayed:
    """What was committed again and is at the remote; the rest may have to be committed on other commits."""
    tips = [oid for ref, oid in state.refs.items() if ref.startswith(BRANCHES)]
    there = {new for new in replayed.commits.values() if any(_contains(handle, tip, new) for tip in tips)}
    commits = {old: new for old, new in replayed.commits.items() if new in there}
    return Replayed(commits, tuple(v for v in replayed.versions if v.step.committed in there))


def note_landing(handle: Handle, landing: Landing) -> None:
    """Writes the record durably, before anything is pushed."""
    versions = [
        {
            "tag": version.step.row.tag,
            "oid": version.step.row.tag_oid,
            "version": version.step.version,
            "commit": version.step.committed,
            "new_tag": version.tag.name,
            "new_oid": version.tag.oid,
        }
        for version in landing.versions
    ]
    document = {
        "remote": landing.remote,
        "ends": dict(landing.ends),
        "branches": {name: [move.old, move.new] for name, move in landing.branches.items()},
        "commits": dict(landing.replayed.commits),
        "versions": versions,
    }
    with git_errors(f"file '{_file(handle)}'"):
        replace_file(_file(handle), json.dumps(document).encode(), durable=True)


def read_landing(handle: Handle) -> Landing | None:
    """The record that a killed run left; None if there is none, or if nothing had been pushed."""
    try:
        reader = JsonReader.parse(read_ordinary(_file(handle)), "the record of a push")
        held = reader.object("branches")
        branches = {name: Move(*held.list_of(name, str)) for name in map(str, held)}
        versions = tuple(_read_version(handle, each) for each in reader.objects("versions"))
        commits = reader.dict_of("commits", str)
        ends = reader.dict_of("ends", str)
        return Landing(reader.get("remote", str), branches, ends, Replayed(commits, versions))
    except (OSError, TypeError, RegoloError):
        return None


def forget_landing(handle: Handle) -> None:
    """Removes the record."""
    with git_errors(f"file '{_file(handle)}'"):
        _file(handle).unlink(missing_ok=True)


def _file(handle: Handle) -> Path:
    return handle.local_directory / "push.json"


def _read_version(handle: Handle, reader: JsonReader) -> MovedVersion:
    row = _row(handle, reader.get("tag", str), reader.get("oid", str))
    step = Step(row, read_tagged_manifest(handle, row), reader.get("version", str), reader.get("commit", str))
    return MovedVersion(step, WrittenTag(reader.get("new_tag", str), reader.get("new_oid", str)))


def _row(handle: Handle, name: str, oid: str) -> TagRow:
    """The version of a tag object, whose tag this clone may not have any more."""
    *found, problem = columns_of(handle.git.read_tag_object(oid))
    if problem is not None:
        raise RegoloError(f"tag '{name}' is not a version: {problem}")
    model, version, identity, _, _, commit, manifest, digest, size, seconds, tagger, subject = map(str, found)
    return TagRow(
        name, model, version, identity, oid, commit, manifest, Digest.parse(digest), int(size),
        utc(int(seconds)), tagger, subject,
    )  # fmt: skip
