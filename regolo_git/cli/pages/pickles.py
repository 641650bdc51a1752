"""The names that pickles ask for, as `show --names` prints them: the worst first."""

from collections.abc import Iterator, Mapping

from regolo_git.artifacts.second_opinion import Opinion
from regolo_git.cli.forms import Json
from regolo_git.records.asked_names import PickleNames
from regolo_git.reviews.page import Column, Section
from regolo_git.text.printable import printable
from regolo_git.verdict.pickle_names import NameClass, class_of, class_of_file
from regolo_git.verdict.pickle_scan import name_text, place_text

NAMES_SHOWN = 100


def pickle_sections(files: Mapping[str, PickleNames]) -> Iterator[Section]:
    """A section that says what each file with pickles is."""
    if not files:
        yield Section("Pickles", [("none", "no file of this version has a pickle")])
        return
    rows = [row for path, names in files.items() for row in _rows(path, names)]
    rows.sort(key=lambda row: -NameClass(row[1]).rank)
    columns = (Column("", flexible=True), Column(""), Column("", flexible=True))
    yield Section("Pickles", rows, columns, screenful=NAMES_SHOWN)


def _rows(path: str, names: PickleNames) -> Iterator[tuple[str, str, str]]:
    for unread in names.unread:
        yield place_text(path, unread.member), NameClass.UNREADABLE.value, unread.why
    for asked in names.names:
        found = class_of(asked.module, asked.name)
        yield name_text(asked), found.value, f"{place_text(path, asked.member)} (byte {asked.offset})"
    if not names.names and not names.unread:
        yield place_text(path, ""), NameClass.ALLOWED.value, "asks for nothing"


def pickles_document(files: Mapping[str, PickleNames]) -> Json:
    """The same for programs."""
    return {
        path: {
            "class": class_of_file(names).value,
            "names": [
                {
                    "module": asked.module,
                    "name": asked.name,
                    "class": class_of(asked.module, asked.name).value,
                    "member": asked.member,
                    "offset": asked.offset,
                }
                for asked in names.names
            ],
            "unreadable": [{"member": unread.member, "why": unread.why} for unread in names.unread],
        }
        for path, names in files.items()
    }


def opinion_section(opinions: Mapping[str, Opinion]) -> Section:
    """What the extra `scan` says, where it is installed."""
    rows = [
        (place_text(path, ""), opinion.verdict, printable("; ".join(opinion.findings)))
        for path, opinion in opinions.items()
    ]
    columns = (Column("", flexible=True), Column(""), Column("", flexible=True))
    return Section("Second opinion (modelaudit-picklescan)", rows, columns)


def opinions_document(opinions: Mapping[str, Opinion] | None) -> Json:
    """The same for programs; None if nobody was asked."""
    if opinions is None:
        return None
    return {path: {"verdict": one.verdict, "findings": list(one.findings)} for path, one in opinions.items()}
