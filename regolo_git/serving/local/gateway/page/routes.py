"""The routes of the page: its files, its data, and `/docs`."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway.application import Gateway
from regolo_git.serving.local.gateway.ask_supervisor import ask_supervisor
from regolo_git.serving.local.gateway.page.described import described_endpoints
from regolo_git.serving.local.gateway.page.docs_html import docs_html, sign_in_html
from regolo_git.serving.local.gateway.page.openapi import openapi
from regolo_git.serving.local.gateway.page.paths import DATA, DOCS, FILES, OPENAPI
from regolo_git.serving.local.gateway.page.visitors import HEADERS, Visitors
from regolo_git.serving.local.http_answer import error_answer, without_markup

PACKAGE = "regolo_git.serving.local.gateway.page"
ASKED = ("endpoint", "window")


class PageRoutes:
    """Each route is a method."""

    def __init__(self, gateway: Gateway, admin_socket: Path, access: Access, version: str) -> None:
        self._gateway = gateway
        self._admin_socket = admin_socket
        self._visitors = Visitors(access)
        self._needs_token = access.token is not None
        self._version = version

    def routes(self) -> list[Route]:
        """Every route, with the check of its visitors."""
        routes = [Route(path, self.file) for path in FILES]
        pages = ((DATA, self.data), (DOCS, self.docs), (OPENAPI, self.schema))
        return routes + [Route(path, page) for path, page in pages]

    async def file(self, request: Request) -> Response:
        """A file of the page, which has nothing of what is served."""
        refused = self._visitors.refusal(request)
        if refused is not None:
            return refused
        name, media_type = FILES[request.scope["path"]]
        return Response(_content(name), headers=HEADERS, media_type=media_type)

    async def data(self, request: Request) -> Response:
        """What the page shows, from the supervisor."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        asked = urlencode({key: request.query_params[key] for key in ASKED if key in request.query_params})
        said = await ask_supervisor(self._admin_socket, f"/page?{asked}")
        if said is None:
            answer = error_answer(503, "NOT_READY", "the supervisor does not answer")
            return Response(answer.body, 503, HEADERS, answer.media_type.decode())
        return Response(without_markup(said.body), said.status, HEADERS, said.media_type)

    async def docs(self, request: Request) -> Response:
        """How each endpoint is called; without the token, the form that asks for it."""
        refused = self._visitors.refusal(request)
        if refused is not None:
            return refused
        if not self._visitors.has_token(request):
            challenge = self._visitors.without_token().headers["www-authenticate"]
            headers = {**HEADERS, "www-authenticate": challenge}
            return Response(sign_in_html(), 401, headers, "text/html")
        described = await described_endpoints(self._gateway.table.routes, self._admin_socket)
        links = not self._needs_token and not self._visitors.need_token
        page = docs_html(described, _address(request), needs_token=self._needs_token, links=links)
        return Response(page, headers=HEADERS, media_type="text/html")

    async def schema(self, request: Request) -> Response:
        """The OpenAPI document."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        described = await described_endpoints(self._gateway.table.routes, self._admin_socket)
        document = openapi(described, _address(request), self._version, needs_token=self._needs_token)
        return JSONResponse(document, headers=HEADERS)

    def _refusal(self, request: Request) -> Response | None:
        refused = self._visitors.refusal(request)
        if refused is None and not self._visitors.has_token(request):
            return self._visitors.without_token()
        return refused


@cache
def _content(name: str) -> bytes:
    return (files(PACKAGE) / "static" / name).read_bytes()


def _address(request: Request) -> str:
    """Where the caller has reached the gateway."""
    return f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"
