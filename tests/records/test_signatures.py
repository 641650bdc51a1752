"""A signature is what git takes for one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.signatures import (
    LATER_BYTES,
    OTHERS_GIVEN,
    SSH_OPENING,
    later_line,
    signed_later,
    split_signature,
    ssh_public_key,
)


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


def test_the_rest_of_the_line_makes_no_difference() -> None:
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
    assert list(signed_later(f'null\n{line}\n{{"signed_tag": "unsigned"}}\n', "1", b"")) == [data]


def signed(target: str, key: bytes, filler: str = "") -> bytes:
    blob = b"SSHSIG" + (1).to_bytes(4) + len(key).to_bytes(4) + key
    armored = f"{SSH_OPENING}\n{base64.b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"
    return f"object {target}\ntag m@v1.0\n\nSign {filler}\n{armored}".encode()


def test_lines_about_something_else_hide_no_signature() -> None:
    of_other, genuine = signed("b" * 40, b"key"), signed("a" * 40, b"key")
    junk = ["null", "[" * 100_000, *(later_line(of_other + b"%d" % n) for n in range(5000))]
    note = "\n".join([*junk, later_line(genuine), later_line(genuine)])
    first, *rest = signed_later(note, "a" * 40, b"")
    assert first == genuine
    assert len(rest) == OTHERS_GIVEN


def test_signatures_of_listed_keys_are_verified_first_and_the_bytes_are_bounded() -> None:
    forged = [signed("a" * 40, b"of eve", f"{n:01000}") for n in range(1000)]
    genuine = signed("a" * 40, b"of ada")
    signers = b"ada@example.com ssh-ed25519 " + base64.b64encode(b"of ada") + b"\n"
    found = list(signed_later("\n".join(map(later_line, [*forged, genuine])), "a" * 40, signers))
    assert found[0] == genuine
    assert LATER_BYTES - 2000 < sum(map(len, found)) <= LATER_BYTES


@pytest.mark.parametrize("armored", ["", "%%", "U1NIU0lH", "U1NIU0lHAAAAAf////8="])
def test_a_broken_signature_names_no_key(armored: str) -> None:
    assert ssh_public_key(f"{SSH_OPENING}\n{armored}\n-----END SSH SIGNATURE-----\n") is None
