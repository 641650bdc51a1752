"""Tag objects: the bytes that git itself would write, and back."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.git_program import commit_files, git

from regolo_git.git.identity import Identity
from regolo_git.git.tag_objects import parse_tag_object, tag_object_bytes

COMMIT = "c" * 40
WHEN = datetime(2026, 11, 23, 14, 0, 5, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
ADA = Identity("Ada Byron", "ada@example.com", WHEN)
KEY = "-----BEGIN {} SIGNATURE-----\nabc\n-----END {} SIGNATURE-----\n"

words = st.text(
    st.characters(exclude_characters="<>\n\0\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", codec="utf-8")
)
names = words.map(str.strip).filter(bool)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.integers(0, (1 << 32) - 1)
identities = st.builds(
    lambda name, email, seconds, zone: Identity(name, email, datetime.fromtimestamp(seconds, zone)),
    names, names, moments, zones,
)  # fmt: skip
messages = st.text(st.characters(codec="utf-8")).filter(lambda text: "-----BEGIN" not in text)


@given(identities, names, messages)
def test_written_values_are_read_back(tagger: Identity, name: str, message: str) -> None:
    found = parse_tag_object(tag_object_bytes(COMMIT, name, tagger, message))
    assert found is not None
    assert (found.target, found.target_kind, found.name) == (COMMIT, "commit", name)
    assert (found.tagger, found.tagged_seconds) == (f"{tagger.name} <{tagger.email}>", tagger.seconds)
    assert (found.message, found.signature) == (message, None)


@pytest.mark.parametrize("zone", ["+0000", "+0530", "-0330", "-1200"])
def test_the_object_is_the_one_that_git_makes(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    commit = commit_files(git_repository, {"file": "1"})
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"@1700000000 {zone}")
    git(git_repository, "tag", "-a", "m@v1.0", "-m", "a message", "-m", "of two paragraphs")
    minutes = int(zone[:3]) * 60 + int(zone[0] + zone[3:])
    when = datetime.fromtimestamp(1700000000, timezone(timedelta(minutes=minutes)))
    ada = Identity("Ada Byron", "ada@example.com", when)
    ours = tag_object_bytes(commit, "m@v1.0", ada, "a message\n\nof two paragraphs\n")
    assert ours.decode() == git(git_repository, "cat-file", "tag", "m@v1.0")


def test_the_bytes_are_spelled_out() -> None:
    assert tag_object_bytes(COMMIT, "m@v1.0", ADA, "text\n") == (
        b"object " + b"c" * 40 + b"\ntype commit\ntag m@v1.0\n"
        b"tagger Ada Byron <ada@example.com> 1795455005 -0330\n\ntext\n"
    )


@pytest.mark.parametrize("kind", ["SSH", "PGP"])
def test_a_signature_is_separated_from_the_message(kind: str) -> None:
    signature = KEY.format(kind, kind)
    found = parse_tag_object(tag_object_bytes(COMMIT, "t", ADA, f"text\n{signature}"))
    assert found is not None
    assert (found.message, found.signature) == ("text\n", signature)


@pytest.mark.parametrize("text", ["x -----BEGIN SSH SIGNATURE-----\n", "-----BEGIN CERTIFICATE-----\n"])
def test_text_like_a_signature_is_part_of_the_message(text: str) -> None:
    found = parse_tag_object(tag_object_bytes(COMMIT, "t", ADA, text))
    assert found is not None
    assert (found.message, found.signature) == (text, None)


def test_a_tag_of_old_without_a_tagger_is_read() -> None:
    found = parse_tag_object(b"object %s\ntype tree\ntag t\n\ntext" % (b"a" * 40))
    assert found is not None
    assert (found.target_kind, found.tagger, found.tagged_seconds) == ("tree", "<>", 0)
    assert found.message == "text"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"object abc\ntype commit\ntag t\n\n",
        b"object %s\ntype commit\n\n" % (b"a" * 40),
        b" object %s\ntype commit\ntag t\n\n" % (b"a" * 40),
    ],
)
def test_a_message_that_git_would_refuse_makes_no_tag(data: bytes) -> None:
    assert parse_tag_object(data) is None


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    found = parse_tag_object(tag_object_bytes(COMMIT, "t", ADA, "").replace(b"Byron", b"\xff"))
    assert found is not None
    assert found.tagger == "Ada \N{REPLACEMENT CHARACTER} <ada@example.com>"


def test_the_same_instant_in_another_zone_is_another_object() -> None:
    there = Identity(ADA.name, ADA.email, WHEN.astimezone(UTC))
    assert there.seconds == ADA.seconds
    assert tag_object_bytes(COMMIT, "t", there, "") != tag_object_bytes(COMMIT, "t", ADA, "")
