"""The admin server: answers the operator on a unix socket that only this user can reach."""

import socket
from math import inf, nan

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from regolo_git.errors import InvalidInput, NotFound, ServingError
from regolo_git.serving.local.http_server import HttpServer
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.local.supervisor.comparison import close_block
from regolo_git.serving.local.supervisor.observation import exposition, metrics, status
from regolo_git.serving.local.supervisor.page_data import WINDOWS, PageData, example_requests
from regolo_git.serving.local.supervisor.supervisor import Supervisor
from regolo_git.serving.local.supervisor.verdict import verdict_on
from regolo_git.serving.metrics.exposition import CONTENT_TYPE

WINDOW_SECONDS = 300.0


def admin_server(supervisor: Supervisor, page: PageData) -> HttpServer:
    """The server; `serve(sockets=…)` runs it."""
    config = uvicorn.Config(
        AdminPages(supervisor, page).application(),
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    return HttpServer(config)


class AdminPages:
    """Status, metrics, and the requests to replace the gateway or to stop; each page is a method."""

    def __init__(self, supervisor: Supervisor, page: PageData) -> None:
        self._supervisor = supervisor
        self._page = page

    def application(self) -> Starlette:
        """The pages under their paths."""
        return Starlette(
            routes=[
                Route("/status", self.status),
                Route("/endpoints/{endpoint}/metrics", self.metrics),
                Route("/endpoints/{endpoint}/block", self.block, methods=["POST"]),
                Route("/endpoints/{endpoint}/withhold", self.withhold, methods=["POST"]),
                Route("/verdict", self.verdict),
                Route("/metrics", self.exposition),
                Route("/page", self.page),
                Route("/examples", self.examples),
                Route("/replace", self.replace, methods=["POST"]),
                Route("/drain", self.drain, methods=["POST"]),
            ]
        )

    async def status(self, _: Request) -> Response:
        """What runs, and its problems."""
        return JSONResponse(status(self._supervisor))

    async def metrics(self, request: Request) -> Response:
        """An endpoint's metrics over a window."""
        try:
            seconds = float(request.query_params.get("window", WINDOW_SECONDS))
        except ValueError:
            seconds = nan
        if not 0 < seconds < inf:
            return JSONResponse({"error": "the window is not a number of seconds"}, 400)
        try:
            found = await metrics(self._supervisor, request.path_params["endpoint"], seconds)
        except NotFound as error:
            return JSONResponse({"error": error.message}, 404)
        return JSONResponse(found.to_json())

    async def block(self, request: Request) -> Response:
        """Ends a block of the comparison of two versions."""
        try:
            return JSONResponse(await close_block(self._supervisor, request.path_params["endpoint"]))
        except NotFound as error:
            return JSONResponse({"error": error.message}, 404)

    async def withhold(self, request: Request) -> Response:
        """Gives a version no more requests, until the branch changes the traffic."""
        version = request.query_params.get("version", "")
        try:
            await self._supervisor.withhold(request.path_params["endpoint"], version)
        except NotFound as error:
            return JSONResponse({"error": error.message}, 404)
        except InvalidInput as error:
            return JSONResponse({"error": error.message}, 400)
        return JSONResponse({})

    async def verdict(self, request: Request) -> Response:
        """The verdict on the canary of an endpoint."""
        asked = request.query_params
        endpoint = asked.get("endpoint", "")
        if endpoint not in self._supervisor.runners:
            return JSONResponse({"error": "no such endpoint is served"}, 404)
        path = self._supervisor.directory.canary(endpoint)
        return JSONResponse(await run_in_threadpool(verdict_on, path, asked.get("version")))

    async def exposition(self, _: Request) -> Response:
        """The Prometheus exposition, scraped through the gateway."""
        return Response(await exposition(self._supervisor), media_type=CONTENT_TYPE)

    async def page(self, request: Request) -> Response:
        """What the gateway's page shows."""
        asked = request.query_params
        named = asked.get("window", str(min(WINDOWS)))
        window = next((seconds for seconds in WINDOWS if str(seconds) == named), 0)
        try:
            found = await self._page.read(asked.get("endpoint"), window)
        except InvalidInput as error:
            return JSONResponse({"error": error.message}, 400)
        except NotFound as error:
            return JSONResponse({"error": error.message}, 404)
        return JSONResponse(found)

    async def examples(self, _: Request) -> Response:
        """A request for each endpoint that is known to work."""
        return JSONResponse(example_requests(self._supervisor))

    async def replace(self, _: Request) -> Response:
        """Replaces the gateway."""
        try:
            await self._supervisor.gateways.replace()
        except ServingError as error:
            return JSONResponse({"error": error.message}, 500)
        return JSONResponse(status(self._supervisor))

    async def drain(self, _: Request) -> Response:
        """Stops the engine once everything in flight is answered."""
        self._supervisor.stopping.set()
        return JSONResponse({})


def listen_for_admin(directory: RuntimeDirectory) -> socket.socket:
    """The admin socket; the caller holds the lock, so one left by a killed engine is replaced."""
    directory.admin_socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(directory.admin_socket))
    directory.admin_socket.chmod(0o600)
    listener.listen(64)
    return listener
