"""ASGI headers, and which of them are forwarded: to the worker, and back to the caller."""

from collections.abc import Sequence

import aiohttp

Headers = Sequence[tuple[bytes, bytes]]

# Hop-by-hop headers, those that we or the worker's client set, and the encoding of a body that we inflate.
OWN = frozenset(
    b"connection content-encoding content-length expect host keep-alive proxy-authenticate "
    b"proxy-authorization proxy-connection te trailer transfer-encoding upgrade x-regolo-request".split()
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


def request_headers(headers: Headers, *, keep_authorization: bool) -> list[tuple[str, str]]:
    """The headers for the worker, without the gateway's own token."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name not in OWN and (keep_authorization or name != b"authorization")
    ]


def answer_headers(response: aiohttp.ClientResponse, *, with_length: bool) -> list[tuple[bytes, bytes]]:
    """The headers for the caller."""
    headers = [(name.lower(), value) for name, value in response.raw_headers]
    kept = [(name, value) for name, value in headers if name not in DROPPED_ANSWER]
    if with_length:
        kept += [(name, value) for name, value in headers if name == b"content-length"]
    return kept
