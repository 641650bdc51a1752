"""Which tags of this clone a remote may lack, without comparing a hundred thousand of them in each push.

An exchange that compares all of them (a clone, a fetch, a first push) notes those that the remote lacks, and
the state of the tags of this clone.  Tags that are created later are loose files: the next push asks the
remote for these, and for what it lacked.  Where that state is not known (tags were packed, the remote has
another URL), all are compared again.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.git.refs_state import packed_stamp, read_loose_tags, ref_target
from regolo_git.git.remote.transport import TAGS
from regolo_git.git.small_files import replace_file
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.handle import Handle
from regolo_git.system_calls import read_ordinary

NAME = "seen-tags.json"
MOST = 500  # tags to ask for by name


class TagState(NamedTuple):
    """The tags of this clone at one moment, and the remote that they are compared with."""

    remote: str
    packed: str
    loose: Mapping[str, str]


def tag_state(handle: Handle, remote: str) -> TagState:
    """The present state.  What is created later is not part of it."""
    packed = packed_stamp(handle.paths)
    loose = {name: tag.oid for name, tag in read_loose_tags(handle.paths)[1].items()}
    urls = [handle.git.config_get(f"remote.{remote}.{key}") for key in ("url", "pushurl")]
    return TagState(f"{remote} {urls}", packed, loose)


def unseen_tags(handle: Handle, state: TagState) -> dict[str, str] | None:
    """The tags that the remote may lack, with their objects; None if it may be any."""
    try:
        reader = JsonReader.parse(
            read_ordinary(handle.local_directory / NAME), "the note of tags at a remote"
        )
        seen = TagState(reader.get("remote", str), reader.get("packed", str), reader.dict_of("loose", str))
        lacking = reader.list_of("lacking", str)
    except (OSError, InvalidInput):
        return None
    if seen[:2] != state[:2]:
        return None
    found = {name: oid for name, oid in state.loose.items() if seen.loose.get(name) != oid}
    for name in lacking:
        oid = ref_target(handle.paths, f"{TAGS}{name}")
        if oid is not None:
            found[name] = oid
    return found if len(found) <= MOST else None


def note_seen(handle: Handle, state: TagState, lacking: Iterable[str]) -> None:
    """Notes that the remote has the tags of a state, but for some."""
    noted = {**state._asdict(), "loose": dict(state.loose), "lacking": sorted(lacking)}
    with suppress(OSError, RegoloError):  # the next push compares all tags
        replace_file(handle.local_directory / NAME, json.dumps(noted).encode())
