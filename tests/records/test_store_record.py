"""Records of a store are read strictly: what is in one decides what may be deleted."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.records.condemned_list import CondemnedList
from regolo_git.records.store_record import KINDS, RecordName, StoreRecord, sorted_recipes

A, B = "a" * 64, "b" * 64
KEPT = "20261127T091500123456Z-0f3c1d2e4b5a6978.kept.json"
WHO = ("registry1", "clone0001", "here.example.com")
RECORDS = [
    StoreRecord("intent", *WHO, (A, B)),
    StoreRecord("intent", *WHO),
    StoreRecord("kept", *WHO, (A,)),
    StoreRecord("all", *WHO, (A, B), (KEPT,)),
    StoreRecord("done", *WHO, kept=KEPT),
    StoreRecord("done", *WHO),
    StoreRecord("kept", "registry1", "clone0001", "Zürich", (A,)),
]


@pytest.mark.parametrize(
    "record", RECORDS, ids=lambda record: f"{record.kind}-{len(record.recipes)}-{record.kept}-{record.host}"
)
def test_a_record_is_read_as_it_was_written(record: StoreRecord) -> None:
    assert StoreRecord.parse(record.to_bytes()) == record


def test_a_name_has_the_time_in_utc_and_the_kind() -> None:
    noon = datetime(2026, 11, 27, 12, 0, 0, 7, timezone(timedelta(hours=1)))
    name = RecordName.new("intent", noon, "0123456789abcdef")
    assert str(name) == "20261127T110000000007Z-0123456789abcdef.intent.json"
    assert RecordName.parse(str(name)) == name
    assert str(name.settled()) == "20261127T110000000007Z-0123456789abcdef.done.json"
    for kind in KINDS:
        parsed = RecordName.parse(str(RecordName(name.stem, kind)))
        assert parsed is not None
        assert parsed.kind == kind


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x.json",
        "../20261127T110000000007Z-0123456789abcdef.intent.json",
        f"{KEPT}.json",
        f"{KEPT}\n",
        "20261127T110000000007Z-0123456789abcdef.other.json",
        "20261127T110000Z-0123456789abcdef.kept.json",
    ],
)
def test_other_files_are_not_records(name: str) -> None:
    assert RecordName.parse(name) is None


def changed(record: StoreRecord, **values: object) -> bytes:
    document = json.loads(record.to_bytes()) | values
    document = {key: value for key, value in document.items() if value is not ...}
    return f"{json.dumps(document, sort_keys=True, separators=(',', ':'))}\n".encode()


@pytest.mark.parametrize(
    "values",
    [
        {"recipes": [B, A]},
        {"recipes": [A, A]},
        {"recipes": ["A" * 64]},
        {"recipes": [A[:-1]]},
        {"recipes": [7]},
        {"recipes": None},
        {"recipes": ...},
        {"kind": "other"},
        {"kind": "done"},
        {"kind": "all"},
        {"kind": ["intent"]},
        {"registry": "../../elsewhere"},
        {"registry": ""},
        {"clone": "x" * 65},
        {"clone": 7},
        {"host": "a\x1b[31m"},
        {"host": "x" * 256},
        {"format": 0},
        {"format": "1"},
        {"unknown": 1},
    ],
    ids=str,
)
def test_an_invalid_record_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        StoreRecord.parse(changed(RECORDS[0], **values))


@pytest.mark.parametrize("kept", ["", "x", "../x", KEPT.replace("kept", "intent"), 7], ids=str)
def test_a_done_record_names_the_record_that_keeps_its_recipes(kept: object) -> None:
    with pytest.raises(IntegrityError):
        StoreRecord.parse(changed(RECORDS[4], kept=kept))


@pytest.mark.parametrize("replaces", [["x"], ["../x"], [KEPT, KEPT], None], ids=str)
def test_only_records_are_replaced(replaces: object) -> None:
    with pytest.raises(IntegrityError):
        StoreRecord.parse(changed(RECORDS[3], replaces=replaces))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, RECORDS[0].to_bytes() + b" "])
def test_json_that_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        StoreRecord.parse(data)


def test_a_newer_record_is_named_as_such() -> None:
    with pytest.raises(NewerFormat, match="a record of a store has format 2"):
        StoreRecord.parse(changed(RECORDS[0], format=2))


def test_a_record_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regolo_git.records.store_record.BYTES_LIMIT", 10)
    with pytest.raises(IntegrityError, match="too large"):
        StoreRecord.parse(RECORDS[0].to_bytes())


def test_recipes_are_sorted_and_named_once() -> None:
    assert sorted_recipes([B, A, B]) == (A, B)


# -- lists of condemned files -----------------------------------------------------------------------------

PATHS = (f"chunks/aa/{A}", f"packs/bb/{B}", f"recipes/aa/{A}", f"recipes/aa/{A}.packs")


def test_a_list_is_read_as_it_was_written() -> None:
    for paths in (PATHS, ()):
        assert CondemnedList.parse(CondemnedList(paths).to_bytes()).paths == paths


@pytest.mark.parametrize(
    "paths",
    [
        ["format.toml"],
        ["../x"],
        [f"chunks/bb/{A}"],
        [f"records/aa/{A}"],
        [PATHS[1], PATHS[0]],
        [PATHS[0]] * 2,
        [7],
        "x",
    ],
    ids=lambda paths: str(paths)[:40],
)
def test_a_list_with_other_paths_is_refused(paths: object) -> None:
    data = f"{json.dumps({'format': 1, 'paths': paths}, separators=(',', ':'))}\n".encode()
    with pytest.raises(IntegrityError):
        CondemnedList.parse(data)


def test_a_newer_or_larger_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NewerFormat):
        CondemnedList.parse(b'{"format":2,"paths":[]}\n')
    monkeypatch.setattr("regolo_git.records.condemned_list.BYTES_LIMIT", 10)
    with pytest.raises(IntegrityError, match="too large"):
        CondemnedList.parse(CondemnedList(PATHS).to_bytes())
