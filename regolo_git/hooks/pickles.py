"""The names that pickles ask for: of staged files, and of the versions whose manifests are staged.

Nothing is loaded.  A name that can run something stops the commit; whatever could not be read is reported.
"""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from regolo_git.errors import RegoloError
from regolo_git.git.staged import LINK, StagedFile, StagedFiles
from regolo_git.hooks.remark import Remark
from regolo_git.layouts.pickle_names import read_pickle_names
from regolo_git.records.asked_names import PickleNames
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import model_of_manifest
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import one_line, printable
from regolo_git.text.sizes import size_text
from regolo_git.verdict.pickle_names import NameClass, class_of, class_of_file

if TYPE_CHECKING:
    from regolo_git.registry.handle import Handle

MOST_BYTES = 256_000_000  # of one file in memory
NAMED = 5
MALICIOUS = (
    "malicious"  # the worst verdict of the second opinion, which calls much that is harmless suspicious
)


def check_pickles(staged: StagedFiles) -> Iterator[Remark]:
    """What the pickles of staged files and of staged versions ask for."""
    yield from _of_files(staged)
    yield from _of_versions(staged)


def _of_files(staged: StagedFiles) -> Iterator[Remark]:
    merged = staged.committed_elsewhere()
    files = [file for file in staged.files if (file.path, file.oid) not in merged]
    sizes = staged.sizes([file.oid for file in files])
    files = [file for file in files if file.has_content(sizes.get(file.oid, 0))]
    small = [file for file in files if 0 < sizes.get(file.oid, 0) <= MOST_BYTES]
    for file in files:
        if sizes.get(file.oid, 0) > MOST_BYTES:
            what = f"'{printable(file.path)}' has {size_text(sizes[file.oid])}"
            yield Remark(f"not checked: {what}, too many for this check", blocks=False)
    for file, content in zip(small, staged.contents([file.oid for file in small]), strict=True):
        if content is not None:
            names = read_pickle_names(io.BytesIO(content), len(content), file.path)
            yield from _judged(file.path, names)


def _of_versions(staged: StagedFiles) -> Iterator[Remark]:
    files = [file for file in staged.files if model_of_manifest(file.path) and file.mode != LINK]
    if not files:
        return
    from regolo_git.registry.handle import Handle  # noqa: PLC0415 - most commits stage no version

    handle = Handle(staged.paths, lambda _: None)
    try:
        for file, content in zip(files, staged.contents([file.oid for file in files]), strict=True):
            yield from _of_version(handle, file, content or b"")
    finally:
        handle.close()


def _of_version(handle: "Handle", file: StagedFile, content: bytes) -> Iterator[Remark]:
    from regolo_git.registry import pickle_names  # noqa: PLC0415 - imports the Git library

    try:
        manifest = Manifest.parse(content)
    except RegoloError:
        return  # the check of records names it
    try:
        found = pickle_names.names_of_version(handle, manifest)
        opinions = pickle_names.second_opinions(handle, manifest, found)
    except RegoloError as error:
        yield Remark.not_checked(f"the pickles of '{printable(file.path)}'", error)
        return
    for path, names in found.items():
        yield from _judged(f"{manifest.reference}: {path}", names)
    for path, opinion in opinions.items() if opinions is not None else ():
        if opinion.verdict == MALICIOUS:
            what = f"'{printable(f'{manifest.reference}: {path}')}' is malicious to modelaudit-picklescan"
            yield Remark(f"{what}: {one_line('; '.join(opinion.findings[:NAMED]))}", blocks=False)


def _judged(what: str, names: PickleNames) -> Iterator[Remark]:
    kind = class_of_file(names)
    named = [str(each) for each in names.names if class_of(each.module, each.name) is kind]
    shown = printable(few_of(list(dict.fromkeys(named))[:NAMED], len(set(named))))
    if kind is NameClass.DANGEROUS:
        hint = "save it without pickle, for example as safetensors or skops"
        yield Remark(f"'{printable(what)}' is a pickle that runs {shown} when it is loaded", hint)
    elif kind is NameClass.UNREADABLE:
        why = printable(names.unread[0].why) if names.unread else shown
        yield Remark(f"'{printable(what)}' may be a pickle, and was not read to its end: {why}", blocks=False)
    elif kind is NameClass.UNKNOWN:
        yield Remark(f"'{printable(what)}' is a pickle that asks for unknown names: {shown}", blocks=False)
