"""ASGI headers, and which of them are forwarded: to the worker, and back to the caller."""

from collections.abc import Sequence

from regolo_git.serving.local.gateway.exchange import Header

Headers = Sequence[Header]

# Hop-by-hop headers, those that we or the worker's client set, and the encoding of a body that we inflate.
OWN = frozenset(
    b"connection content-encoding content-length expect host keep-alive proxy-authenticate "
    b"proxy-authorization proxy-connection te trailer transfer-encoding upgrade "
    b"x-regolo-alone x-regolo-request".split()
)
DROPPED_ANSWER = frozenset(
    b"connection content-length date keep-alive proxy-authenticate server trailer transfer-encoding upgrade "
    b"x-model-version x-regolo-taken-back".split()
)


def header(headers: Headers, name: bytes) -> bytes | None:
    """A header's value by its lower-case name."""
    for found, value in headers:
        if found == name:
            return value
    return None


def request_headers(headers: Headers, *, keep_authorization: bool) -> list[Header]:
    """The headers for the worker, without the gateway's own token."""
    return [
        header
        for header in headers
        if header[0] not in OWN and (keep_authorization or header[0] != b"authorization")
    ]


def answer_headers(headers: Headers, *, with_length: bool) -> list[Header]:
    """The headers for the caller."""
    kept = [header for header in headers if header[0] not in DROPPED_ANSWER]
    if with_length:
        kept += [header for header in headers if header[0] == b"content-length"]
    return kept
