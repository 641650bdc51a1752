"""The checks of a request's head before anything else looks at it: its host, its origin, its token.

Pages of sites that the operator named get the headers of CORS, and an answer to the question that a browser
asks before it sends a request.
"""

import hmac

from starlette.types import Message, Scope, Send

from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway.headers import Headers, header
from regolo_git.serving.local.gateway.page.paths import PAGE_PATHS
from regolo_git.serving.local.gateway.refusal import refuse
from regolo_git.serving.local.http_answer import HttpAnswer

OPEN_PAGES = ("/healthz", "/readyz")
# A browser may remember the answer to its question for this long, in seconds.
REMEMBERED = b"3600"
EXPOSED = b"x-model-version, inference-header-content-length, retry-after"
# So that a client that sends many spellings of a known name cannot fill the memory.
MOST_KNOWN = 64


class Entrance:
    """Checks requests as the operator's access rules say."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._token = access.token.encode() if access.token is not None else None
        self._known: set[bytes] = set()
        # The page has a check of its own: browsers send no token before somebody has typed it in.
        self._apart = PAGE_PATHS if access.page else frozenset()

    def check(self, scope: Scope) -> None:
        """Raises Refusal for a request without a host, of another host or site, or without the token."""
        named = dict(scope["headers"])
        host = named.get(b"host")
        if host is None or len(named) != len(scope["headers"]):
            _check_one_host(scope)
        if scope["path"] in OPEN_PAGES:
            return
        if host is not None and host not in self._known:
            self._check_host(host)
        origin = named.get(b"origin")
        if origin is not None and not self._access.admits(origin.decode("latin-1")):
            raise refuse("foreign_origin", 403, _foreign("pages of", origin, "origins"))
        if self._token is not None and scope["path"] not in self._apart:
            _check_token(named.get(b"authorization"), self._token)

    def _check_host(self, host: bytes) -> None:
        if not self._access.knows(host.decode("latin-1")):
            raise refuse("foreign_host", 403, _foreign("requests to", host, "hosts"))
        if len(self._known) < MOST_KNOWN:
            self._known.add(host)

    def preflight(self, scope: Scope) -> HttpAnswer | None:
        """The answer to a browser that asks whether it may send a request; None if this is not that question.

        Browsers ask without the token.
        """
        if scope["method"] != "OPTIONS":
            return None
        headers: Headers = scope["headers"]
        asked = header(headers, b"access-control-request-method")
        if asked is None or self.shared_with(headers) is None:
            return None
        allowed = header(headers, b"access-control-request-headers") or b"authorization, content-type"
        answer = (
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", allowed),
            (b"access-control-max-age", REMEMBERED),
        )
        return HttpAnswer(204, b"", answer)

    def shared_with(self, headers: Headers) -> bytes | None:
        """The site that may read the answer, if the request comes from one."""
        origin = header(headers, b"origin") if self._access.origins else None
        return origin if origin is not None and self._access.shares_with(origin.decode("latin-1")) else None


def _foreign(what: str, name: bytes, key: str) -> str:
    shown = name.decode("latin-1")[:100]
    return f"{what} '{shown}' are not answered; the operator's policy may name it in '{key}' under [gateway]"


def _check_one_host(scope: Scope) -> None:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
        raise refuse("bad_host", 400, "a request has one header Host")


def _check_token(given: bytes | None, expected: bytes) -> None:
    if not has_token(given, expected):
        problem = b', error="invalid_token"' if given is not None else b""
        challenge = ((b"www-authenticate", b'Bearer realm="regolo-git"' + problem),)
        raise refuse("unauthorized", 401, "a bearer token is needed", challenge)


def has_token(given: bytes | None, expected: bytes) -> bool:
    """Whether an `Authorization` header has the token; how long the comparison takes says nothing of it."""
    scheme, _, token = (given or b"").partition(b" ")
    return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), expected)


def with_origin(send: Send, origin: bytes) -> Send:
    """Lets a page of that site read the answer."""
    shared = [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", EXPOSED),
        (b"vary", b"origin"),
    ]

    async def sharing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *shared]}
        await send(message)

    return sharing
