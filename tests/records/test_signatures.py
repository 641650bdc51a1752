"""A signature is what git takes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.signatures import later_line, signed_later, split_signature


@pytest.mark.parametrize("kind", ["PGP SIGNATURE", "PGP MESSAGE", "SIGNED MESSAGE", "SSH SIGNATURE"])
def test_each_kind_of_signature_is_split_off(kind: str) -> None:
    signature = f"-----BEGIN {kind}-----\nabc\n-----END {kind}-----\n"
    assert split_signature(f"subject\n\nbody\n{signature}") == ("subject\n\nbody\n", signature)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "subject\n",
        "-----BEGIN CERTIFICATE-----\nabc\n",
        "a line with -----BEGIN SSH SIGNATURE-----\n",
        "-----BEGIN ssh signature-----\n",
    ],
)
def test_other_text_has_no_signature(text: str) -> None:
    assert split_signature(text) == (text, None)


def test_the_last_signature_counts_as_for_git() -> None:
    opening = "-----BEGIN SSH SIGNATURE-----\n"
    assert split_signature(f"a\n{opening}b\n{opening}c\n") == (f"a\n{opening}b\n", f"{opening}c\n")


def test_what_follows_on_the_line_makes_no_difference() -> None:
    assert split_signature("a\n-----BEGIN PGP SIGNATURE-----\r\nb") == (
        "a\n",
        "-----BEGIN PGP SIGNATURE-----\r\nb",
    )


@given(st.lists(st.sampled_from(["a", "\n", "-----BEGIN ", "SSH SIGNATURE", "-----", "SIGNED MESSAGE"])))
def test_nothing_is_lost(parts: list[str]) -> None:
    text = "".join(parts)
    message, signature = split_signature(text)
    assert message + (signature or "") == text


def test_a_signature_made_later_is_a_line_of_json() -> None:
    data = b"object 1\ntag \xffm@v1.0\n\nSign\n-----BEGIN SSH SIGNATURE-----\nabc\n"
    line = later_line(data)
    assert line == (
        '{"signed_tag": "object 1\\ntag \\udcffm@v1.0\\n\\nSign\\n-----BEGIN SSH SIGNATURE-----\\nabc\\n"}'
    )
    assert list(signed_later(f'null\n{line}\n{{"signed_tag": "unsigned"}}\n')) == [data]
