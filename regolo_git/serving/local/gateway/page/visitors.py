"""Who may see the page and `/docs`: people on this machine or, with the operator's token, from anywhere.

Without a token, a request must be to the loopback interface by its own name, and must not have passed a
proxy: what a proxy shows is for the public, as far as the gateway knows.  A page of another site gets
nothing, not even one that may call the models.
"""

from starlette.requests import Request
from starlette.responses import Response

from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway.entrance import has_token
from regolo_git.serving.local.http_answer import error_answer

# Every answer: nothing but our own files, in no frame, and no word to others.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Visitors:
    """Decides who may see what, by the operator's access rules."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._token = access.page_token.encode() if access.page_token is not None else None

    @property
    def need_token(self) -> bool:
        """Whether the page asks for a token."""
        return self._token is not None

    def refusal(self, request: Request) -> Response | None:
        """Why a request gets neither the page nor its files; None if it may have what is no secret."""
        if not self._access.page:
            return _answer(404, "ENDPOINT_NOT_FOUND", f"no such path: '{request.scope['path']}'")
        if _is_from_another_site(request):
            return _answer(403, "FOREIGN_ORIGIN", "the page is not for other sites")
        if self._token is None and not self._is_on_this_machine(request):
            hint = "see it from elsewhere with `git regolo serve --page-token-file FILE`"
            return _answer(403, "FOREIGN_HOST", f"the page is for people on this machine; {hint}")
        return None

    def has_token(self, request: Request) -> bool:
        """Whether a request has the token, if one is needed."""
        given = request.headers.get("authorization")
        return self._token is None or has_token(given.encode("latin-1") if given else None, self._token)

    def is_token(self, given: str | None) -> bool:
        """Whether a text that was sent is the token."""
        if given is None or self._token is None:
            return False
        return has_token(b"Bearer " + given.encode("utf-8", "replace"), self._token)

    def without_token(self) -> Response:
        """The answer to a request that lacks the token."""
        refused = _answer(401, "UNAUTHORIZED", "the page's bearer token is needed")
        refused.headers["www-authenticate"] = 'Bearer realm="regolo-git page"'
        return refused

    def _is_on_this_machine(self, request: Request) -> bool:
        if any(name in request.headers for name in PROXIES):
            return False
        return self._access.is_of_this_machine(request.headers.get("host", ""))


def _is_from_another_site(request: Request) -> bool:
    origin, headers = request.headers.get("origin"), request.headers
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return True
    site = headers.get("sec-fetch-site", "none")
    return site not in ("none", "same-origin") and headers.get("sec-fetch-mode") != "navigate"


def _answer(status: int, code: str, message: str) -> Response:
    answer = error_answer(status, code, message)
    return Response(answer.body, status, HEADERS, answer.media_type.decode())
