"""What the gate on pickles finds."""

import pytest

from regolo_git.records.asked_names import AskedName, PickleNames, Unread
from regolo_git.verdict.pickle_scan import name_text, scan_findings

ORDERED = PickleNames(1, (AskedName("collections", "OrderedDict"),))
OWN = PickleNames(1, (AskedName("mine", "Net"),))
SYSTEM = PickleNames(1, (AskedName("os", "system", "archive/data.pkl"), *OWN.names))
BROKEN = PickleNames(1, ORDERED.names, (Unread("archive/data.pkl", "it ends early"),))


@pytest.mark.parametrize(
    ("files", "known", "not_dangerous", "reason"),
    [
        ({}, "pass", "pass", "has no pickle"),
        ({"a.pkl": ORDERED}, "pass", "pass", "pickles ask for known names only"),
        ({"a.pkl": ORDERED, "b.pkl": OWN}, "fail", "pass", "'b.pkl' asks for mine.Net, which is not known"),
        ({"a.pkl": BROKEN}, "fail", "open", "'a.pkl, archive/data.pkl' cannot be read: it ends early"),
        (
            {"a.pkl": SYSTEM, "b.pkl": BROKEN},
            "fail",
            "fail",
            "'a.pkl' asks for os.system, which can run anything",
        ),
    ],
    ids=["none", "known", "unknown", "unreadable", "dangerous"],
)
def test_each_rule_finds_its_problem(
    files: dict[str, PickleNames], known: str, not_dangerous: str, reason: str
) -> None:
    found = scan_findings(files)
    assert (found["known"].state, found["not-dangerous"].state) == (known, not_dangerous)
    assert {finding.reason for finding in found.values()} == {reason}


def test_a_hostile_name_is_shown_harmlessly() -> None:
    hostile = AskedName("os\x1b[31m\n", "x" * 500)
    assert name_text(hostile).isprintable()
    assert len(name_text(hostile)) < 200
    reason = scan_findings({"a\x1b.pkl": PickleNames(1, (hostile,))})["known"].reason
    assert reason.isprintable()
