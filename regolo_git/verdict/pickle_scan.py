"""What the gate `scan` of an environment finds in the names that the pickles of a version ask for."""

from collections.abc import Iterator, Mapping

from regolo_git.records.asked_names import AskedName, PickleNames
from regolo_git.records.gates import Scan
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable
from regolo_git.verdict.gate_facts import Finding
from regolo_git.verdict.pickle_names import NameClass, class_of, class_of_file, class_of_files

NAMED = 3
TEXT_LIMIT = 120  # characters of a name that is shown
PASSES = (NameClass.ALLOWED, NameClass.KNOWN)


def scan_findings(files: Mapping[str, PickleNames]) -> dict[Scan, Finding]:
    """The finding of each rule, by the files that have pickles.

    What cannot be read is not known; it may be dangerous, so that rule is open.
    """
    worst = class_of_files(files)
    reason = _reason(files, worst)
    known = Finding("pass" if worst in PASSES else "fail", reason)
    if worst is NameClass.DANGEROUS:
        return {"known": known, "not-dangerous": Finding("fail", reason)}
    return {
        "known": known,
        "not-dangerous": Finding("open" if worst is NameClass.UNREADABLE else "pass", reason),
    }


def name_text(asked: AskedName) -> str:
    """A name as it is shown to people."""
    text = printable(str(asked))
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…"


def place_text(path: str, member: str) -> str:
    """A file, and the pickle in it, as they are shown to people."""
    return printable(f"{path}, {member}" if member else path)


def _reason(files: Mapping[str, PickleNames], worst: NameClass) -> str:
    if not files:
        return "has no pickle"
    if worst in PASSES:
        return "pickles ask for known names only"
    path, names = next((path, names) for path, names in files.items() if class_of_file(names) is worst)
    if worst is NameClass.UNREADABLE:
        unread = names.unread[0]
        return f"'{place_text(path, unread.member)}' cannot be read: {printable(unread.why)}"
    named = list(_of_class(names, worst))
    shown = few_of([name_text(asked) for asked in named[:NAMED]], len(named))
    if worst is NameClass.DANGEROUS:
        return f"'{printable(path)}' asks for {shown}, which can run anything"
    return f"'{printable(path)}' asks for {shown}, which {'is' if len(named) == 1 else 'are'} not known"


def _of_class(names: PickleNames, wanted: NameClass) -> Iterator[AskedName]:
    return (asked for asked in names.names if class_of(asked.module, asked.name) is wanted)
