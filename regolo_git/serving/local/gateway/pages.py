"""The gateway's pages other than predictions: health, metrics, and the metadata of models."""

import json
from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway.application import Gateway
from regolo_git.serving.local.gateway.ask_supervisor import ask_supervisor
from regolo_git.serving.local.gateway.live_route import LiveRoute
from regolo_git.serving.local.gateway.page.routes import PageRoutes
from regolo_git.serving.local.gateway.page.verdicts import VerdictRoutes
from regolo_git.serving.local.gateway.worker_page import NoWorker, worker_page
from regolo_git.serving.local.http_answer import error_answer
from regolo_git.serving.traffic.routing_table import WeightedVersion

# Of the Open Inference Protocol, as Triton calls them.
EXTENSIONS = ["binary_tensor_data", "model_configuration", "parameters"]
QUESTION_BYTES = 64 << 10


class Pages:
    """Each page is a method; `/metrics` comes from the supervisor, which has the counts of all gateways."""

    def __init__(self, gateway: Gateway, admin_socket: Path, access: Access, version: str) -> None:
        self._gateway = gateway
        self._admin_socket = admin_socket
        self._version = version
        self._page = PageRoutes(gateway, admin_socket, access, version)
        self._verdicts = VerdictRoutes(admin_socket, access)

    def application(self) -> Starlette:
        """The pages under their paths: ours, MLflow's, and those of the Open Inference Protocol."""
        model, version = "/v2/models/{endpoint}", "/v2/models/{endpoint}/versions/{version}"
        paths = {
            "/": self.overview,
            "/healthz": self.alive,
            "/readyz": self.ready,
            "/metrics": self.metrics,
            "/ping": self.ready,
            "/health": self.ready,
            "/version": self.program,
            "/v2": self.server,
            "/v2/health/live": self.alive,
            "/v2/health/ready": self.ready,
            model: self.model,
            f"{model}/ready": self.model_ready,
            f"{model}/config": self.configuration,
            version: self.model,
            f"{version}/ready": self.model_ready,
            f"{version}/config": self.configuration,
        }
        pages = [Route(path, page) for path, page in paths.items()]
        pages.append(Route("/v2/repository/index", self.repository, methods=["POST"]))
        pages += [*self._page.routes(), *self._verdicts.routes()]
        predictions = (
            "/invocations",
            "/endpoints/{endpoint}/invocations",
            f"{model}/infer",
            f"{version}/infer",
        )
        # A POST to these never gets here; any other method is answered 405 and not 404.
        pages += [Route(path, self.alive, methods=["POST"]) for path in predictions]
        application = Starlette(routes=pages, exception_handlers={HTTPException: _in_json})
        # The gateway has taken them off; a redirect would repeat the caller's `Host`.
        application.router.redirect_slashes = False
        return application

    async def overview(self, _: Request) -> Response:
        """The names of the endpoints, and no more: what a stranger may know."""
        return JSONResponse({"endpoints": sorted(self._gateway.table.routes)})

    async def alive(self, _: Request) -> Response:
        """Whether the process is alive."""
        return PlainTextResponse("ok\n")

    async def ready(self, _: Request) -> Response:
        """Whether every version with traffic has a worker."""
        waiting = sorted(name for name, live in self._gateway.table.routes.items() if not live.route.is_ready)
        if waiting or self._gateway.retiring:
            return PlainTextResponse(f"not ready: {', '.join(waiting) or 'retiring'}\n", 503)
        return PlainTextResponse("ready\n")

    async def metrics(self, _: Request) -> Response:
        """The Prometheus exposition."""
        said = await ask_supervisor(self._admin_socket, "/metrics")
        if said is None:
            return PlainTextResponse("the supervisor does not answer\n", 503)
        return Response(said.body, said.status, media_type=said.media_type)

    async def server(self, _: Request) -> Response:
        """V2 metadata of the server."""
        server = {"name": "regolo-git", "version": self._version, "extensions": EXTENSIONS}
        return JSONResponse(server)

    async def repository(self, request: Request) -> Response:
        """V2 index of the repository: every version of every endpoint, or those that are ready."""
        body = await _small_body(request)
        if body is None or not isinstance(asked := _parsed(body), dict):
            return _error(400, "BAD_REQUEST", "the body is not a small JSON object")
        routes = sorted((name, live.route) for name, live in self._gateway.table.routes.items())
        rows = [_row(name, version) for name, route in routes for version in route.versions.values()]
        only_ready = asked.get("ready") is True
        return JSONResponse([row for row in rows if row["state"] == "READY" or not only_ready])

    async def program(self, _: Request) -> Response:
        """This program's version."""
        return PlainTextResponse(self._version)

    async def model_ready(self, request: Request) -> Response:
        """Whether an endpoint, or one version of it, has a worker."""
        found = self._find(request)
        if found is None:
            return _unknown(request)
        live, chosen = found
        is_ready = bool(chosen.replicas) if chosen is not None else live.route.is_ready
        return JSONResponse({"ready": is_ready}, 200 if is_ready else 503)

    async def model(self, request: Request) -> Response:
        """V2 metadata of an endpoint: those of a worker, with all served versions."""
        found = self._find(request)
        if found is None:
            return _unknown(request)
        live, chosen = found
        chosen = chosen or live.choose(request.headers.raw, b"")
        return await _of_worker(live, chosen, "", {"versions": list(live.route.versions)})

    async def configuration(self, request: Request) -> Response:
        """Triton's configuration of an endpoint's model, from a worker."""
        found = self._find(request)
        if found is None:
            return _unknown(request)
        live, chosen = found
        return await _of_worker(live, chosen or live.choose(request.headers.raw, b""), "/config", {})

    def _find(self, request: Request) -> tuple[LiveRoute, WeightedVersion | None] | None:
        live = self._gateway.table.routes.get(request.path_params["endpoint"])
        version = request.path_params.get("version")
        if live is None or version is None:
            return (live, None) if live is not None else None
        chosen = live.route.find(version)
        return (live, chosen) if chosen is not None else None


def _unknown(request: Request) -> Response:
    return _error(404, "ENDPOINT_NOT_FOUND", f"there is no model at '{request.url.path}'")


async def _in_json(request: Request, problem: Exception) -> Response:
    """Errors of the router: clients of either protocol parse the body of any error."""
    assert isinstance(problem, HTTPException)
    code = "ENDPOINT_NOT_FOUND" if problem.status_code == 404 else "BAD_REQUEST"
    message = f"no such path: '{request.url.path}'"
    if problem.status_code == 405:
        message = f"'{request.url.path}' does not take {request.method}"
    return _error(problem.status_code, code, message, problem.headers)


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    answer = error_answer(status, code, message)
    return Response(answer.body, status, headers, answer.media_type.decode())


async def _small_body(request: Request) -> bytes | None:
    """The body; None if it is larger than a question about the repository can be."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > QUESTION_BYTES:
            return None
    return body


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None


def _row(endpoint: str, version: WeightedVersion) -> dict[str, str]:
    state, reason = ("READY", "") if version.replicas else ("UNAVAILABLE", "no worker is ready")
    return {"name": endpoint, "version": version.version, "state": state, "reason": reason}


async def _of_worker(
    live: LiveRoute, chosen: WeightedVersion, page: str, ours: dict[str, object]
) -> Response:
    """A page of one of the version's workers, under the endpoint's name."""
    try:
        said = await worker_page(live, chosen, page)
    except NoWorker as error:
        return _error(503, "NOT_READY", str(error))
    if said is None:
        return _error(502, "BAD_GATEWAY", "the worker did not answer")
    named = {**said.value, "name": live.route.endpoint, **ours} if said.status == 200 else said.value
    return JSONResponse(named, said.status, {"x-model-version": chosen.version})
