"""Zip files with uncompressed members, as written by PyTorch, `numpy.savez` and skops.

Reads the central directory and each member's own header, never a member's content, except for the header of
a `.npy` array and the schema with which skops names its arrays.  PyTorch's `data.pkl`, which describes its
storages, is a program and is not read: here, a storage is a tensor of bytes named `data/0` and so on (the
part before that is the file's name).
"""

import re
import struct
from typing import BinaryIO, NamedTuple

from regolo_git.layouts import npy
from regolo_git.layouts.bounded import read_at
from regolo_git.layouts.items import Cut, Item, Malformed, Placed, TensorInfo, fill_gaps

LOCAL, CENTRAL, END, LOCATOR, END64 = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\7", b"PK\6\6"
LOCAL_SIZE, END_SIZE, COMMENT_LIMIT = 30, 22, 1 << 16
LOCATOR_SIZE, END64_SIZE = 20, 56
DIRECTORY_LIMIT = 16 << 20
MEMBERS_LIMIT = 1 << 17
ENCRYPTED = 1
FULL, FULL16 = 0xFFFFFFFF, 0xFFFF
SKOPS_SCHEMA = "schema.json"
STORAGE = re.compile(r"[^/]+/(data/[0-9]+)")


class Member(NamedTuple):
    """An entry of the central directory: `method` is the compression, 0 for none and 8 for deflate."""

    name: str
    offset: int
    stored_size: int
    size: int
    method: int
    encrypted: bool
    name_length: int

    @property
    def plain(self) -> bool:
        """Whether it is stored without compression or encryption."""
        return self.method == 0 and not self.encrypted and self.size == self.stored_size

    @property
    def least_size(self) -> int:
        """The bytes of its header, without the extra field, and of its content."""
        return LOCAL_SIZE + self.name_length + self.stored_size


def read(file: BinaryIO, size: int) -> tuple[Item, ...] | None:
    """The items of a zip file that holds tensors; None for any other file.  Raises Malformed."""
    if size < END_SIZE + 4 or read_at(file, 0, 4) != LOCAL:
        return None
    members, start = read_directory(file, size)
    # The headers may be longer than the directory shows: `fill_gaps` rejects what overlaps then.
    names = _array_names(file, members, start)
    placed = [place for member in members for place in _placed(file, member, start, names)]
    if not any(place.tensor for place in placed):
        return None  # treated as any other file: cut by content
    return fill_gaps(placed, size)


def read_directory(file: BinaryIO, size: int) -> tuple[list[Member], int]:
    """The members, none of which overlap, and where the directory begins.  Raises Malformed.

    Readers of zip files differ in what they believe of the directory's place, size and count; where these
    contradict each other, the file is Malformed.
    """
    start, length, count, end = _find_directory(file, size)
    if length > DIRECTORY_LIMIT or count > MEMBERS_LIMIT:
        raise Malformed
    if start + length > size - END_SIZE:
        raise Cut(start + length + END_SIZE)
    if start + length != end:
        raise Malformed
    members = _members(read_at(file, start, length), count)
    _refuse_overlaps(members, start)
    return members, start


def bytes_ahead(file: BinaryIO, size: int) -> int | None:
    """How many bytes are before the zip file with which a file ends; None if it does not end with one.

    Python's `zipfile` finds it there, whatever is before it.  Raises Malformed if it contradicts itself.
    """
    try:
        start, length, _, end = _find_directory(file, size)
    except Cut:
        return None
    if not 4 <= length <= end or read_at(file, end - length, 4) != CENTRAL:
        return None
    if start > end - length:
        raise Malformed
    return end - length - start


class _Directory(NamedTuple):
    start: int
    length: int
    members: int
    end: int  # where the records at the end begin


def _find_directory(file: BinaryIO, size: int) -> _Directory:
    tail_start = max(0, size - END_SIZE - COMMENT_LIMIT)
    tail = read_at(file, tail_start, size - tail_start)
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_SIZE:
        raise Cut(None)
    disks, count, length, offset = struct.unpack_from("<4xI2xHII", tail, at)
    said = _Directory(offset, length, count, tail_start + at)
    wide = _find_directory64(file, tail_start + at)
    if wide is not None:
        if said.start not in (FULL, wide.start) or said.length not in (FULL, wide.length):
            raise Malformed
        if said.members not in (FULL16, wide.members):
            raise Malformed
        return wide
    if disks or FULL in (length, offset) or count == FULL16:
        raise Malformed
    return said


def _find_directory64(file: BinaryIO, end: int) -> _Directory | None:
    """What the wide records say, which `zipfile` believes wherever they are; None if there are none."""
    locator = read_at(file, end - LOCATOR_SIZE, LOCATOR_SIZE) if end >= LOCATOR_SIZE else b""
    if locator[:4] != LOCATOR:
        return None
    offset = struct.unpack_from("<8xQ", locator)[0]
    if offset != end - LOCATOR_SIZE - END64_SIZE:
        raise Malformed
    record = read_at(file, offset, END64_SIZE)
    if record[:4] != END64:
        raise Malformed
    count, length, start = struct.unpack_from("<32xQQQ", record)
    return _Directory(start, length, count, offset)


def _members(directory: bytes, count: int) -> list[Member]:
    members = []
    at = 0
    for _ in range(count):
        if directory[at : at + 4] != CENTRAL or at + 46 > len(directory):
            raise Malformed
        flags, method, stored, size, name_length, extra_length, comment_length, offset = struct.unpack_from(
            "<8xHH8xIIHHH8xI", directory, at
        )
        name_end = at + 46 + name_length
        if name_end + extra_length + comment_length > len(directory):
            raise Malformed
        if FULL in (stored, size, offset):
            extra = directory[name_end : name_end + extra_length]
            size, stored, offset = _wide(extra, size, stored, offset)
        # Names are UTF-8 or code page 437; the relevant ones are ASCII in both.
        name = directory[at + 46 : name_end].decode("utf-8", "replace")
        encrypted = bool(flags & ENCRYPTED)
        members.append(Member(name, offset, stored, size, method, encrypted, name_length))
        at = name_end + extra_length + comment_length
    if at != len(directory):
        raise Malformed
    return members


def _refuse_overlaps(members: list[Member], end: int) -> None:
    """Raises Malformed if members overlap by what the directory alone says, before a header is read."""
    for member in sorted(members, key=lambda member: member.offset, reverse=True):
        if member.offset + member.least_size > end:
            raise Malformed
        end = member.offset


def _wide(extra: bytes, *narrow: int) -> list[int]:
    """Replaces saturated values by those of the zip64 field, in their fixed order."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            wide = iter(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
            try:
                return [next(wide) if value == FULL else value for value in narrow]
            except StopIteration:
                raise Malformed from None
        at += 4 + length
    raise Malformed


def content_start(file: BinaryIO, member: Member, directory: int) -> int:
    """The offset of a member's bytes, which end before the directory.  Raises Malformed."""
    header = read_at(file, member.offset, LOCAL_SIZE)
    if header[:4] != LOCAL:
        raise Malformed
    name_length, extra_length = struct.unpack_from("<26xHH", header)
    start = member.offset + LOCAL_SIZE + int(name_length) + int(extra_length)
    if start + member.stored_size > directory:
        raise Malformed
    return start


def _array_names(file: BinaryIO, members: list[Member], directory: int) -> dict[str, str]:
    """The names that a skops file gives its arrays; those of other files are the members' own."""
    for member in members:
        if member.name == SKOPS_SCHEMA and member.plain:
            from regolo_git.layouts import skops  # noqa: PLC0415 - most zip files are of others

            if member.size > skops.SCHEMA_LIMIT:
                break
            start = content_start(file, member, directory)
            return skops.array_names(read_at(file, start, member.size))
    return {}


def _placed(file: BinaryIO, member: Member, directory: int, names: dict[str, str]) -> list[Placed]:
    """A member's bytes; an array's header is separate, so that the tensor is only its numbers."""
    start = content_start(file, member, directory)
    whole = Placed(start, member.stored_size, None)
    if not member.plain:
        return [whole]
    if storage := STORAGE.fullmatch(member.name):
        return [Placed(start, whole.size, TensorInfo(storage[1], "U8", (whole.size,)))]
    if member.name.endswith(".npy"):
        return _array(file, names.get(member.name) or member.name.removesuffix(".npy"), whole)
    return [whole]


def _array(file: BinaryIO, name: str, whole: Placed) -> list[Placed]:
    length = npy.header_length(read_at(file, whole.offset, min(12, whole.size)))
    if length is None or length > whole.size:
        return [whole]
    header = read_at(file, whole.offset, length)
    tensor = npy.tensor_of(name, header, whole.size - length)
    if tensor is None:
        return [whole]
    return [Placed(whole.offset, length, None), Placed(whole.offset + length, whole.size - length, tensor)]
