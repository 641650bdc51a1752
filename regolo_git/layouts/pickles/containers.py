"""Where pickles hide: archives, compressed files, arrays of NumPy; told by their content, not their name."""

import ast
import io
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO, cast

from regolo_git.layouts import npy, zip_members
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.pickles import content as contents
from regolo_git.layouts.pickles import inflated as inflate
from regolo_git.layouts.pickles import tar, torch_tar
from regolo_git.layouts.pickles.content import Broken, Budget, Content, Slice
from regolo_git.layouts.pickles.found import Found
from regolo_git.layouts.pickles.streams import read_pickles

HEAD = 512
DEPTH = 3  # of containers in containers
STORAGE_LIMIT = 1 << 18  # bytes, from which on a tensor has chunks of its own
HELD_LIMIT = 1 << 26  # bytes of an archive inside another that is compressed
# A file of such a name that cannot be read is not vouched for; what others have is told by their content.
SUFFIXES = re.compile(r"(?i)\.(pkl|pickle|pickl|pk|pckl|p|joblib|jbl|pt|pth|ckpt|dill|cloudpickle)\Z")
ZIP, EMPTY_ZIP, HDF = b"PK\3\4", b"PK\5\6", b"\x89HDF\r\n\x1a\n"
OLD_JOBLIB = re.compile(rb"ZF0x[0-9a-fA-F]{1,16}[ L]{0,16}")
OLD_JOBLIB_HEAD = 21
COMPRESSED: tuple[tuple[bytes, Callable[[], Any], bool], ...] = (
    (b"\x1f\x8b", inflate.new_gzip, True),
    (b"BZh", inflate.new_bz2, True),
    (b"\xfd7zXZ\0", inflate.new_lzma, True),
    (b"\x5d\0\0", inflate.new_lzma, False),
    (b"\x04\x22\x4d\x18", inflate.new_lz4, False),
    (b"x\x01", inflate.new_zlib, False),
    (b"x\x5e", inflate.new_zlib, False),
    (b"x\x9c", inflate.new_zlib, False),
    (b"x\xda", inflate.new_zlib, False),
)
OTHER_ARCHIVES = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive is not read",
    b"Rar!\x1a\x07": "a RAR archive is not read",
    b"\x28\xb5\x2f\xfd": "compression by Zstandard is not read",
    HDF: "an HDF5 file may hold code of Keras layers, which is not read",
}
KERAS = {"config.json", "metadata.json"}
PLAIN_DTYPE = re.compile(r"[<>|=]?(?:[?biufcSUVmM][0-9]{0,9}|[mM]8\[[0-9a-zA-Z]{1,16}\]|b1)")


class Containers:
    """Reads one file, with its budget."""

    def __init__(self, found: Found, budget: Budget) -> None:
        self._found, self._budget = found, budget

    def read(self, content: Content, name: str, depth: int = DEPTH, *, sure: bool = False) -> None:
        """Adds what the pickles in some content ask for; `name` is a file's, `sure` that it is a pickle."""
        sure = sure or SUFFIXES.search(name) is not None
        try:
            self._by_content(content, content.head(HEAD), depth, sure=sure)
        except Broken as error:
            self._found.unread(str(error))
        except Malformed:
            self._found.unread("its archive is damaged")

    def _by_content(self, content: Content, head: bytes, depth: int, *, sure: bool) -> None:
        for magic, why in OTHER_ARCHIVES.items():
            if head.startswith(magic):
                raise Broken(why)
        if head[:4] in (ZIP, EMPTY_ZIP):
            self._archive(content, depth, self._zip)
        elif head.startswith(npy.MAGIC):
            self._array(content)
        elif tar.is_tar(head):
            self._archive(content, depth, self._tar)
        elif not self._compressed(content, head, depth, sure=sure):
            read_pickles(content, self._found, self._budget, sure=sure)

    def _archive(self, content: Content, depth: int, read: Callable[[Content, int], None]) -> None:
        if depth == 0:
            raise Broken("archives in archives are too deep to be read")
        read(content, depth - 1)

    def _member(self, path: str, content: Content, depth: int) -> None:
        outer = self._found.member
        self._found.member = f"{outer}/{path}" if outer else path
        self.read(content, path, depth)
        self._found.member = outer

    # -- archives ------------------------------------------------------------------------------------------

    def _zip(self, content: Content, depth: int) -> None:
        file, size = self._seekable(content)
        members, directory = zip_members.read_directory(file, size)
        names = {member.name for member in members}
        for member in members:
            self._budget.spend_member()
            if _is_large_storage(member, names):
                continue
            self._member(member.name, self._unpacked(file, member, directory), depth)
        if names >= KERAS:
            self._found.unread("the configuration of a Keras model may hold code, which is not read")

    def _unpacked(self, file: BinaryIO, member: zip_members.Member, directory: int) -> Content:
        start = zip_members.content_start(file, member, directory)
        content = contents.window(file, start, member.stored_size)
        if member.plain:
            return content
        if member.encrypted or member.method != 8:
            return _refused("a member of its archive is encrypted, or compressed in a way that is not read")
        return inflate.inflated(content, inflate.new_deflate, self._budget, repeat=False)

    def _seekable(self, content: Content) -> tuple[BinaryIO, int]:
        if content.place is not None:
            file, start, size = content.place
            return cast(BinaryIO, Slice(file, start, size)), size
        data = content.head(HELD_LIMIT + 1)
        if len(data) > HELD_LIMIT:
            raise Broken("an archive inside a compressed one is too large to be read")
        return io.BytesIO(data), len(data)

    def _tar(self, content: Content, depth: int) -> None:
        for member in tar.members(content, self._budget):
            inner = tar.part(content, member.offset, member.size)
            if member.path.removeprefix("./") in torch_tar.READERS and torch_tar.read(
                member.path.removeprefix("./"), inner, self._found, self._budget
            ):
                continue
            self._member(member.path, inner, depth)

    # -- other files ---------------------------------------------------------------------------------------

    def _array(self, content: Content) -> None:
        """An array of NumPy: its objects are a pickle behind the header."""
        length = npy.header_length(content.head(12))
        header = content.head(length) if length is not None else b""
        if length is None or len(header) < length:
            raise Broken("the header of an array is not valid")
        if _has_objects(header[10 if header[6] == 1 else 12 :]):
            read_pickles(tar.part(content, length, NO_LIMIT), self._found, self._budget, sure=True)

    def _compressed(self, content: Content, head: bytes, depth: int, *, sure: bool) -> bool:
        old = OLD_JOBLIB.match(head)
        if old is not None:
            inner = tar.part(content, OLD_JOBLIB_HEAD, NO_LIMIT)
            return self._inflate(inner, inflate.new_zlib, depth, repeat=False, sure=True)
        for magic, new, repeat in COMPRESSED:
            if head.startswith(magic):
                return self._inflate(content, new, depth, repeat=repeat, sure=sure)
        return False

    def _inflate(
        self, content: Content, new: Callable[[], Any], depth: int, *, repeat: bool, sure: bool
    ) -> bool:
        """False if it only begins as if it were compressed."""
        inner = inflate.inflated(content, new, self._budget, repeat=repeat)
        try:
            inner.head(1)
        except Broken:
            if sure or repeat:
                raise
            return False
        if depth == 0:
            raise Broken("compressed files in compressed files are too deep to be read")
        self.read(inner, "", depth - 1, sure=sure)
        return True


NO_LIMIT = 1 << 62


def _is_large_storage(member: zip_members.Member, names: Collection[str]) -> bool:
    """Whether a member is a tensor of PyTorch, which reads it as numbers; to look at it costs a chunk."""
    if member.stored_size < STORAGE_LIMIT or not zip_members.STORAGE.fullmatch(member.name):
        return False
    return member.plain and f"{member.name.partition('/')[0]}/data.pkl" in names


def _refused(why: str) -> Content:
    def opened() -> contents.Stream:
        raise Broken(why)

    return Content(opened)


def _has_objects(header: bytes) -> bool:
    """Whether an array's header names another type than plain numbers, texts and times."""
    try:
        described = ast.literal_eval(header.decode("latin-1").strip())
        return not all(PLAIN_DTYPE.fullmatch(kind) for kind in _dtypes(described["descr"], 8))
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        return True


def _dtypes(described: object, depth: int) -> Iterator[str]:
    """The types of the fields; Python's own types have other names, and anything unusual is one."""
    if isinstance(described, str):
        yield described
    elif isinstance(described, list | tuple) and depth:
        for field in described:
            if not isinstance(field, tuple) or len(field) not in (2, 3):
                yield "O"
            else:
                yield from _dtypes(field[1], depth - 1)
    else:
        yield "O"
