"""The gateway's pages other than predictions: health, metrics, and the metadata of models."""

import json
from pathlib import Path

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from regolo_git.serving.local.gateway.application import Gateway
from regolo_git.serving.local.gateway.live_route import LiveRoute
from regolo_git.serving.local.gateway.upstream import choose_upstream
from regolo_git.serving.traffic.routing_table import WeightedVersion

SECONDS = aiohttp.ClientTimeout(total=10)


class Pages:
    """Each page is a method; `/metrics` comes from the supervisor, which has the counts of all gateways."""

    def __init__(self, gateway: Gateway, admin_socket: Path, version: str) -> None:
        self._gateway = gateway
        self._admin_socket = admin_socket
        self._version = version

    def application(self) -> Starlette:
        """The pages under their paths: ours, MLflow's, and those of the Open Inference Protocol."""
        model, version = "/v2/models/{endpoint}", "/v2/models/{endpoint}/versions/{version}"
        paths = {
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
            version: self.model,
            f"{version}/ready": self.model_ready,
        }
        pages = [Route(path, page) for path, page in paths.items()]
        predictions = (
            "/invocations",
            "/endpoints/{endpoint}/invocations",
            f"{model}/infer",
            f"{version}/infer",
        )
        # A POST to these never gets here; any other method is answered 405 and not 404.
        return Starlette(routes=pages + [Route(path, self.alive, methods=["POST"]) for path in predictions])

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
        connector = aiohttp.UnixConnector(str(self._admin_socket))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=SECONDS) as session,
                session.get("http://supervisor/metrics") as answer,
            ):
                return Response(await answer.read(), answer.status, media_type=answer.headers["content-type"])
        except (aiohttp.ClientError, OSError, TimeoutError):
            return PlainTextResponse("the supervisor does not answer\n", 503)

    async def server(self, _: Request) -> Response:
        """V2 metadata of the server."""
        return JSONResponse({"name": "regolo-git", "version": self._version, "extensions": []})

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
        return await _metadata(live, chosen or live.choose(request.headers.raw, b""))

    def _find(self, request: Request) -> tuple[LiveRoute, WeightedVersion | None] | None:
        live = self._gateway.table.routes.get(request.path_params["endpoint"])
        version = request.path_params.get("version")
        if live is None or version is None:
            return (live, None) if live is not None else None
        chosen = live.route.find(version)
        return (live, chosen) if chosen is not None else None


def _unknown(request: Request) -> Response:
    return JSONResponse({"error": f"there is no model at '{request.url.path}'"}, 404)


async def _metadata(live: LiveRoute, chosen: WeightedVersion) -> Response:
    upstream = choose_upstream(live.upstreams[chosen.version], ())
    if upstream is None:
        return JSONResponse({"error": f"version '{chosen.version}' has no worker that is ready"}, 503)
    try:
        answer = await upstream.get(chosen.model_path_in(live.route.endpoint))
        metadata = json.loads(await answer.read())
    except (aiohttp.ClientError, OSError, ValueError):
        return JSONResponse({"error": "the worker did not answer"}, 502)
    ours = {"name": live.route.endpoint, "versions": list(live.route.versions)}
    return JSONResponse({**metadata, **ours}, answer.status, {"x-model-version": chosen.version})
