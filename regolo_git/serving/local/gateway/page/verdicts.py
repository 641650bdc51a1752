"""The verdict on a canary, for the controllers of others: Argo Rollouts asks by GET, Flagger by webhooks.

They get it as visitors of the page do: on this machine, or with the operator's token.  Flagger can send no
header, so it may have the token in the `metadata` of its webhook.
"""

import json
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway.ask_supervisor import ask_supervisor
from regolo_git.serving.local.gateway.page.paths import MAY_ADVANCE, MUST_ROLL_BACK, VERDICT
from regolo_git.serving.local.gateway.page.visitors import HEADERS, Visitors

ASKED = ("endpoint", "version")
WEBHOOK_BYTES = 64 << 10


class VerdictRoutes:
    """Each route is a method."""

    def __init__(self, admin_socket: Path, access: Access) -> None:
        self._admin_socket = admin_socket
        self._visitors = Visitors(access)

    def routes(self) -> list[Route]:
        """Every route, with the check of its visitors."""
        return [
            Route(VERDICT, self.verdict),
            # Webhooks are POST; by GET a person may try them.
            Route(MAY_ADVANCE, self.may_advance, methods=["GET", "POST"]),
            Route(MUST_ROLL_BACK, self.must_roll_back, methods=["GET", "POST"]),
        ]

    async def verdict(self, request: Request) -> Response:
        """200 with `{"verdict": "promote" | "rollback" | "hold", "reason": …}`."""
        refused = self._visitors.refusal(request)
        if refused is None and not self._visitors.has_token(request):
            refused = self._visitors.without_token()
        return refused if refused is not None else await self._answer(request, None)

    async def may_advance(self, request: Request) -> Response:
        """200 if the verdict is to promote, otherwise 409: before more traffic, or the promotion."""
        return await self._webhook(request, "promote")

    async def must_roll_back(self, request: Request) -> Response:
        """200 if the verdict is to roll back, otherwise 409: the webhook `rollback`."""
        return await self._webhook(request, "rollback")

    async def _webhook(self, request: Request, wanted: str) -> Response:
        refused = self._visitors.refusal(request)
        if refused is not None:
            return refused
        if not self._visitors.has_token(request) and not self._visitors.is_token(await _sent_token(request)):
            return self._visitors.without_token()
        return await self._answer(request, wanted)

    async def _answer(self, request: Request, wanted: str | None) -> Response:
        asked = urlencode({key: request.query_params[key] for key in ASKED if key in request.query_params})
        said = await ask_supervisor(self._admin_socket, f"/verdict?{asked}")
        if said is None:
            return JSONResponse({"error": "the supervisor does not answer"}, 503, HEADERS)
        if said.status != 200 or wanted is None:
            return Response(said.body, said.status, HEADERS, said.media_type)
        status = 200 if json.loads(said.body).get("verdict") == wanted else 409
        return Response(said.body, status, HEADERS, said.media_type)


async def _sent_token(request: Request) -> str | None:
    """The token in the metadata of a webhook."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > WEBHOOK_BYTES:
            return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    metadata = value.get("metadata") if isinstance(value, dict) else None
    token = metadata.get("token") if isinstance(metadata, dict) else None
    return token if isinstance(token, str) else None
