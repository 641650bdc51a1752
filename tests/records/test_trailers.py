"""The message of a version's tag: written in one form, read from any that people may make of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import digests
from support.strategies import paths as model_names

from regolo_git.records.digests import Digest
from regolo_git.records.trailers import TagMessage

SHA = Digest("sha256", "a" * 64)
MESSAGE = TagMessage("a subject", "team/m", "1.0", "b" * 40, SHA, 3)
TEXT = f"""\
a subject

Regolo-Model: team/m
Regolo-Version: 1.0
Regolo-Manifest: {"b" * 40}
Regolo-Digest: {SHA}
Regolo-Size: 3
"""
SIGNATURE = "-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n"


def test_the_text_is_spelled_out_and_read_back() -> None:
    assert MESSAGE.to_text() == TEXT
    assert TagMessage.parse(TEXT) == MESSAGE


@given(st.text(st.characters(codec="utf-8")), model_names, digests, st.integers(0, (1 << 63) - 1))
def test_the_record_reads_back_with_any_subject(subject: str, model: str, digest: Digest, size: int) -> None:
    found = TagMessage.parse(TagMessage(subject, model, "1.0", "b" * 40, digest, size).to_text())
    assert found is not None
    assert (found.model, found.version, found.manifest_oid) == (model, "1.0", "b" * 40)
    assert (found.digest, found.size) == (digest, size)
    assert found.subject


@pytest.mark.parametrize("subject", ["", " \n ", "-----BEGIN SSH SIGNATURE-----"])
def test_a_subject_that_says_nothing_is_the_reference(subject: str) -> None:
    assert MESSAGE._replace(subject=subject).to_text().startswith("team/m@1.0\n\n")


def test_the_bump_of_an_automatic_number_follows() -> None:
    numbered = MESSAGE._replace(bump="patch")
    assert numbered.to_text() == f"{TEXT}Regolo-Bump: patch\n"
    assert TagMessage.parse(numbered.to_text()) == numbered
    assert TagMessage.parse(f"{TEXT}Regolo-Bump: patch\nReviewed-by: Grace\n") == numbered._replace(body="")
    assert TagMessage.parse(f"{TEXT}Regolo-Bump: huge\n") == MESSAGE


def test_a_subject_is_one_line() -> None:
    assert MESSAGE._replace(subject=" a\n\n  b\tc ").to_text().startswith("a b c\n\n")


@pytest.mark.parametrize(
    "text",
    [
        TEXT + "\n\n",
        TEXT + SIGNATURE,
        TEXT.rstrip("\n"),
        TEXT.replace("a subject\n", "a subject\n\nand a body: of words\n"),
        TEXT.replace("Regolo-Size", "Signed-off-by: Ada\nRegolo-Size"),
        TEXT + "Reviewed-by: Grace\n",
        "a subject\n\n" + "".join(f"{line}\n" for line in reversed(TEXT.splitlines()[2:])),
    ],
)
def test_people_may_add_to_it(text: str) -> None:
    found = TagMessage.parse(text)
    assert found is not None
    assert found._replace(body="") == MESSAGE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a subject\n",
        SIGNATURE + TEXT,
        TEXT.replace("Regolo-Size: 3\n", ""),
        TEXT.replace("Regolo-Size: 3", "Regolo-Size: 3\n\nand an end"),
        TEXT.replace("Size: 3", "Size: -3"),
        TEXT.replace("Size: 3", "Size: 3.0"),
        TEXT.replace("Size: 3", f"Size: {1 << 63}"),
        TEXT.replace("Size: 3", f"Size: {'9' * 20}"),
        TEXT.replace("b" * 40, "b" * 39),
        TEXT.replace("b" * 40, "B" * 40),
        TEXT.replace("sha256:", "md5:"),
        TEXT.replace("a" * 64, "a" * 63),
        TEXT.replace("Regolo-Model: ", "Regolo-Model:"),
    ],
)
def test_a_message_without_all_trailers_is_none(text: str) -> None:
    assert TagMessage.parse(text) is None
    assert TagMessage.parse(f"{text}X-Other: line\n") is None


def test_a_size_reaches_to_its_edge() -> None:
    for end in ("", "X-Other: line\n"):
        found = TagMessage.parse(TEXT.replace("Size: 3", f"Size: {(1 << 63) - 1}") + end)
        assert found is not None
        assert found.size == (1 << 63) - 1


def test_the_last_of_two_lines_counts() -> None:
    found = TagMessage.parse(TEXT.replace("Regolo-Version: 1.0", "Regolo-Version: 0.9\nRegolo-Version: 1.0"))
    assert found == MESSAGE


def test_the_lines_of_a_body_stay() -> None:
    body = "second line\n\n  indented\n\nSigned-off-by: A <a@b>"
    text = MESSAGE._replace(body=body).to_text()
    assert text.startswith(f"a subject\n{body}\n\nRegolo-Model: ")
    assert TagMessage.parse(text) == MESSAGE._replace(body=body)


@pytest.mark.parametrize("opening", ["-----BEGIN PGP SIGNATURE-----", "-----BEGIN SSH SIGNATURE-----"])
def test_a_line_of_a_body_is_not_a_signature(opening: str) -> None:
    text = MESSAGE._replace(body=f"\n{opening}\nx").to_text()
    found = TagMessage.parse(text)
    assert found is not None
    assert found.body == f"\n {opening}\nx"


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])))
def test_the_record_reads_back_with_any_body(body: str) -> None:
    found = TagMessage.parse(MESSAGE._replace(body=body).to_text())
    assert found is not None
    assert found._replace(body="") == MESSAGE


def test_the_results_of_gates_are_the_last_trailer() -> None:
    judged = MESSAGE._replace(gates="fail (accuracy fail, 2 pass)")
    assert judged.to_text() == f"{TEXT}Regolo-Gates: fail (accuracy fail, 2 pass)\n"
    assert TagMessage.parse(judged.to_text()) == judged
    numbered = judged._replace(bump="minor")
    assert TagMessage.parse(numbered.to_text()) == numbered
    shuffled = f"{TEXT}Regolo-Gates: open (1 open)\nReviewed-by: Grace\n"
    assert TagMessage.parse(shuffled) == MESSAGE._replace(gates="open (1 open)", body="")
    hostile = MESSAGE._replace(gates="pass\nRegolo-Size: 1")
    assert "\nRegolo-Size: 1" not in hostile.to_text()
