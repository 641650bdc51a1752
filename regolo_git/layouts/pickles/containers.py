"""Where pickles hide: archives, compressed files, NumPy arrays; recognized by content, not by name.

A file may be several of these at once, since their readers look at different parts of it: it is read as each.
"""

import io
import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import BinaryIO, cast

from regolo_git.layouts import npy, zip_members
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.pickles import arrays, tar, torch_tar
from regolo_git.layouts.pickles import content as contents
from regolo_git.layouts.pickles import inflated as inflate
from regolo_git.layouts.pickles.compressed import Compressed, compressed
from regolo_git.layouts.pickles.content import Broken, Budget, Content, Slice
from regolo_git.layouts.pickles.found import Found
from regolo_git.layouts.pickles.streams import read_pickles
from regolo_git.layouts.pickles.tar import NO_LIMIT

HEAD = 512
DEPTH = 3  # of containers in containers
STORAGE_LIMIT = 1 << 18  # bytes, from which on a tensor has chunks of its own
HELD_LIMIT = 1 << 26  # bytes of an archive inside another that is compressed
PROOF = 1 << 20  # bytes that content decompresses to if it does not begin like compressed content by chance
# An unreadable file with such a name is not vouched for; other files are recognized by their content.
SUFFIXES = re.compile(r"(?i)\.(pkl|pickle|pickl|pk|pckl|p|joblib|jbl|pt|pth|ckpt|dill|cloudpickle)\Z")
# NumPy takes every member of these for an array.
ARRAYS = re.compile(r"(?i)\.npz\Z")
# No reader of zip files is given these: their ends need not be fetched.
NO_ZIP = re.compile(r"(?i)\.(safetensors|gguf|onnx)\Z|/data/[0-9]+\Z")
ZIP, EMPTY_ZIP, HDF = b"PK\3\4", b"PK\5\6", b"\x89HDF\r\n\x1a\n"
HDF_NAMES = re.compile(r"(?i)\.(h5|hdf5)\Z")
HDF_PLACES = tuple(512 << power for power in range(12))  # after the block that the format leaves to its users
OTHER_ARCHIVES = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive is not read",
    b"Rar!\x1a\x07": "a RAR archive is not read",
    b"\x28\xb5\x2f\xfd": "compression by Zstandard is not read",
    HDF: "an HDF5 file may hold code of Keras layers, which is not read",
}
SKIPPED_FRAME = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")  # of lz4 and of Zstandard
KERAS_NAMES = re.compile(r"(?i)\.keras\Z")
KERAS = "the configuration of a Keras model may hold code, which is not read"


class Containers:
    """Reads one file, with its budget."""

    def __init__(self, found: Found, budget: Budget) -> None:
        self._found, self._budget = found, budget

    def read(self, content: Content, name: str, depth: int = DEPTH, *, sure: bool = False) -> None:
        """Adds what the pickles in some content ask for; `name` is a file's, `sure` that it is a pickle."""
        sure = sure or SUFFIXES.search(name) is not None
        try:
            head = content.head(HEAD)
        except Broken as error:
            self._found.unread(str(error))
            return
        readings = self._readings(content, head, name, depth, sure=sure)
        is_other = [self._try(reading) for reading in readings]
        if head[:4] not in (ZIP, EMPTY_ZIP) and not head.startswith(npy.MAGIC):
            sure = sure and not any(is_other)
            self._try(lambda: read_pickles(content, self._found, self._budget, sure=sure))

    def _try(self, reading: Callable[[], bool]) -> bool:
        """Whether some content is what it is read as, even if it cannot be read to its end."""
        try:
            return reading()
        except Broken as error:
            self._found.unread(str(error))
        except Malformed:
            self._found.unread("its archive is damaged")
        return True

    def _readings(
        self, content: Content, head: bytes, name: str, depth: int, *, sure: bool
    ) -> Iterator[Callable[[], bool]]:
        yield partial(self._refused, content, head, name, depth)
        read_zip = partial(self._zip, with_storages=ARRAYS.search(name) is not None)
        if head[:4] in (ZIP, EMPTY_ZIP):
            yield partial(self._archive, content, depth, read_zip)
        elif content.place is not None and not NO_ZIP.search(name):
            yield partial(self._zip_at_the_end, content, depth, read_zip)
        if head.startswith(npy.MAGIC):
            yield partial(self._arrays, content, depth)
        if tar.is_tar(head):
            yield partial(self._archive, content, depth, self._tar)
        for each in compressed(content, head, name):
            yield partial(self._inflate, each, depth, sure=sure)

    def _refused(self, content: Content, head: bytes, name: str, depth: int) -> bool:
        """False if content is of no kind that is known and not read."""
        for magic, why in OTHER_ARCHIVES.items():
            if head.startswith(magic):
                raise Broken(why)
        if SKIPPED_FRAME.match(head):
            raise Broken("compression after a frame that is skipped is not read")
        if HDF_NAMES.search(name) or (depth == DEPTH and _is_hdf_behind(content)):
            raise Broken(OTHER_ARCHIVES[HDF])
        if KERAS_NAMES.search(name):
            self._found.unread(KERAS)
        return False

    def _member(self, path: str, content: Content, depth: int) -> None:
        outer = self._found.member
        self._found.member = f"{outer}/{path}" if outer else path
        self.read(content, path, depth)
        self._found.member = outer

    # -- archives ------------------------------------------------------------------------------------------

    def _archive(self, content: Content, depth: int, read: Callable[[Content, int], None]) -> bool:
        if depth == 0:
            raise Broken("archives in archives are too deep to be read")
        read(content, depth - 1)
        return True

    def _zip_at_the_end(self, content: Content, depth: int, read: Callable[[Content, int], None]) -> bool:
        """False if content does not end with a zip file."""
        file, size = self._seekable(content)
        ahead = zip_members.bytes_ahead(file, size)
        return ahead is not None and self._archive(tar.part(content, ahead, NO_LIMIT), depth, read)

    def _zip(self, content: Content, depth: int, *, with_storages: bool) -> None:
        file, size = self._seekable(content)
        members, directory = zip_members.read_directory(file, size)
        names = {member.name for member in members}
        for member in members:
            self._budget.spend_member()
            if not with_storages and _is_large_storage(member, names):
                continue
            self._member(member.name, self._unpacked(file, member, directory), depth)
        if _is_keras(names):
            self._found.unread(KERAS)

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

    def _arrays(self, content: Content, depth: int) -> bool:
        """NumPy arrays one after another: the objects of one are a pickle after its header."""
        while content.head(len(npy.MAGIC)) == npy.MAGIC:
            self._budget.spend_member()
            header = arrays.header(content)
            if arrays.has_objects(header.described):
                rest = tar.part(content, header.length, NO_LIMIT)
                return read_pickles(rest, self._found, self._budget, sure=True)
            if content.place is None:
                return True  # to skip it, all of it would have to be decompressed
            content = tar.part(content, header.length + arrays.array_bytes(header.described), NO_LIMIT)
        if content.head(1):
            self.read(content, "", depth)
        return True

    def _inflate(self, found: Compressed, depth: int, *, sure: bool) -> bool:
        """False if content only begins as if it were compressed."""
        is_one, wrong = inflate.tried(found.content, found.new, self._budget, PROOF)
        is_one = is_one or found.certain
        if depth == 0:
            if is_one:
                raise Broken("compressed files in compressed files are too deep to be read")
            return False
        # All loaders but those of zlib go on with the next stream.
        repeat = found.new is not inflate.new_zlib
        inner = inflate.inflated(found.content, found.new, self._budget, repeat=repeat)
        trial = self._found.trial()
        Containers(trial, self._budget).read(inner, "", depth - 1, sure=sure)
        if not (is_one or trial.names or trial.pickles):
            return False
        self._found.add(trial)
        if wrong is not None:
            raise wrong
        return True


def _is_large_storage(member: zip_members.Member, names: Collection[str]) -> bool:
    """Whether a member is a tensor of PyTorch, which reads it as numbers; to look at it costs a chunk."""
    if member.stored_size < STORAGE_LIMIT or not zip_members.STORAGE.fullmatch(member.name):
        return False
    return member.plain and f"{member.name.partition('/')[0]}/data.pkl" in names


def _is_keras(names: Collection[str]) -> bool:
    """Whether an archive is a model of Keras, which obeys the configuration before it looks for the rest."""
    others = ("metadata.json", "model.weights")
    return "config.json" in names and any(name.startswith(others) for name in names)


def _is_hdf_behind(content: Content) -> bool:
    """Whether a file is an HDF5 file after a user block, which its readers skip."""
    if content.place is None:
        return False
    file, start, size = content.place
    places = (place for place in HDF_PLACES if place < size)
    return any(contents.window(file, start + place, len(HDF)).head(len(HDF)) == HDF for place in places)


def _refused(why: str) -> Content:
    def opened() -> contents.Stream:
        raise Broken(why)

    return Content(opened)
