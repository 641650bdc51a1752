"""The names that the pickles of a version ask for, beside those of the version before; nothing is loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from regolo_git.errors import RegoloError
from regolo_git.records.asked_names import AskedName, PickleNames
from regolo_git.records.gates import Scan
from regolo_git.records.manifest import Manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.pickle_names import names_of_version
from regolo_git.text.printable import printable
from regolo_git.verdict.gate_facts import Finding
from regolo_git.verdict.pickle_names import NameClass, class_of
from regolo_git.verdict.pickle_scan import scan_findings


@dataclass(frozen=True, slots=True)
class ReviewedName:
    """A name that a file asks for, and whether it did so `before` and does now."""

    file: str
    asked: AskedName
    kind: NameClass
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class PickleReview:
    """The names of both versions, the worst new ones first; and what could not be read of the new one.

    `scan` is None where nobody could look, for the reason `problem`.
    """

    names: tuple[ReviewedName, ...] = ()
    unread: tuple[str, ...] = ()
    scan: Mapping[Scan, Finding] | None = field(default=None)
    problem: str = ""

    @property
    def new_dangers(self) -> tuple[ReviewedName, ...]:
        """Names that can run anything, and that the version before did not ask for."""
        return tuple(n for n in self.names if n.kind is NameClass.DANGEROUS and n.after and not n.before)


def review_pickles(handle: Handle, before: Manifest | None, after: Manifest) -> PickleReview:
    """The names of a version against those of the one before; never raises for bytes that are missing."""
    try:
        new = names_of_version(handle, after)
    except RegoloError as error:
        return PickleReview(problem=error.message)
    names = sorted(_names(_known(handle, before), new), key=_order)
    return PickleReview(tuple(names), tuple(_unread(new)), scan_findings(new))


def _known(handle: Handle, before: Manifest | None) -> dict[str, PickleNames]:
    """The names of the version before; without its bytes every name counts as new."""
    if before is None:
        return {}
    try:
        return names_of_version(handle, before)
    except RegoloError:
        return {}


def _names(old: Mapping[str, PickleNames], new: Mapping[str, PickleNames]) -> Iterator[ReviewedName]:
    was, now = _by_name(old), _by_name(new)
    for key in dict.fromkeys([*now, *was]):
        path, asked = now.get(key) or was[key]
        yield ReviewedName(path, asked, class_of(asked.module, asked.name), key in was, key in now)


def _by_name(files: Mapping[str, PickleNames]) -> dict[tuple[str, str], tuple[str, AskedName]]:
    found: dict[tuple[str, str], tuple[str, AskedName]] = {}
    for path, names in files.items():
        for asked in names.names:
            found.setdefault((asked.module, asked.name), (path, asked))
    return found


def _order(name: ReviewedName) -> tuple[bool, bool, bool, int]:
    """Dangerous names of the new version come first, so that no table leaves them out for others."""
    dangerous = name.after and name.kind is NameClass.DANGEROUS
    return not dangerous, not name.after, name.before, -name.kind.rank


def _unread(files: Mapping[str, PickleNames]) -> Iterator[str]:
    for path, names in files.items():
        for part in names.unread:
            place = f"{path}, {part.member}" if part.member else path
            yield f"'{printable(place)}': {printable(part.why)}"
