"""One endpoint: bringing what runs to what the branch says, one desired state at a time.

    missing workers started -> ready and warm -> the table swapped -> what is not needed kept warm or let go

A newer state interrupts the work on an older one, so that a rollback does not wait for what it undoes.  A
state that cannot be reached leaves the table of the last good one in force and says why.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from regolo_git.errors import NotFound, RegoloError, TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.serving.desired import ModelFiles
from regolo_git.serving.local.supervisor.artifacts import Artifacts
from regolo_git.serving.local.supervisor.generation import ForeignServers, Generation, Workers
from regolo_git.serving.local.supervisor.replica_keeper import Workshop
from regolo_git.serving.local.worker.spec import WorkerSpec, serving_block
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.policy import ForeignServer
from regolo_git.serving.traffic.split import Route, Target

RETRY_SECONDS = (1.0, 5.0, 15.0, 60.0)


@dataclass(frozen=True, slots=True)
class State:
    """An endpoint's desired state as of a commit."""

    commit: str
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Plan:
    """How one version is served: by workers of a spec, or by the operator's own server."""

    key: str
    idempotent: bool
    replicas: int
    spec: tuple[WorkerSpec, ModelFiles] | None = None
    server: ForeignServer | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """What the next table says: a state, and which workers serve each of its versions."""

    state: State
    plans: dict[str, Plan]


class EndpointRunner:
    """Runs one endpoint; `changed` is called whenever its route may be another one.

    `in_force` is what its route says, `observed` what every gateway has answered that it serves.
    """

    def __init__(
        self, artifacts: Artifacts, workshop: Workshop, options: ServeOptions, changed: Callable[[], None]
    ) -> None:
        self.problem: RegoloError | None = None
        self.wanted: State | None = None
        self.in_force: InForce | None = None
        self.observed: State | None = None
        self.workers: dict[str, Workers] = {}
        self.kept: dict[str, float] = {}
        self._served: set[str] = set()
        self._artifacts = artifacts
        self._workshop = workshop
        self._options = options
        self._changed = changed
        self._task: asyncio.Task[None] | None = None

    async def want(self, state: State) -> None:
        """Takes on a new desired state.  One that says the same as before only moves the commit."""
        before, self.wanted = self.wanted, state
        if before is not None and before.endpoint == state.endpoint:
            if self.in_force is not None and self.in_force.state.endpoint == state.endpoint:
                self.in_force = InForce(state, self.in_force.plans)
                self._changed()
                return
            if self._task is not None and not self._task.done():
                return
        await self._interrupt()
        self._task = asyncio.create_task(self._reach(state.endpoint))
        self._changed()

    async def stop(self) -> None:
        """Lets every worker go."""
        await self._interrupt()
        self.in_force = self.observed = None
        self._changed()
        await asyncio.gather(*(workers.stop() for workers in self.workers.values()))
        self.workers.clear()

    async def _interrupt(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _reach(self, endpoint: Endpoint) -> None:
        """Brings about a state.  Missing bytes may come with the next fetch, so they are asked for again."""
        for attempt in range(1_000_000):
            try:
                await self._apply(endpoint)
            except RegoloError as error:
                self.problem = error
                await self._tidy()
                self._changed()
                if not isinstance(error, NotFound | TransportError):
                    return
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            else:
                return

    async def _apply(self, endpoint: Endpoint) -> None:
        plans = {
            version: await self._plan(endpoint.model, version, pinned)
            for version, pinned in endpoint.versions.items()
        }
        replicas: Counter[str] = Counter()
        for plan in plans.values():
            replicas[plan.key] += plan.replicas
            self._ensure(plan).at_least(replicas[plan.key])
        await asyncio.gather(*(self.workers[key].started() for key in replicas))
        assert self.wanted is not None
        self.in_force = InForce(self.wanted, plans)
        self.problem = None
        self._changed()
        for key, count in replicas.items():
            self.workers[key].at_most(count)
        await self._tidy()

    async def _plan(self, model: str, version: str, pinned: PinnedVersion) -> Plan:
        server = self._options.policy.backends.get(f"{model}@{version}")
        if server is not None:
            return Plan(f"{model}@{version}", server.idempotent, len(server.urls), server=server)
        files = await self._artifacts.fetch(model, pinned)
        block = serving_block(files, model, version)
        spec = WorkerSpec.of(model, files, block, self._options.policy.permit(model, block))
        return Plan(spec.key, spec.idempotent, pinned.replicas, spec=(spec, files))

    def _ensure(self, plan: Plan) -> Workers:
        """The workers of a plan, which may be warm from before."""
        self.kept.pop(plan.key, None)
        if plan.key not in self.workers:
            if plan.server is not None:
                self.workers[plan.key] = ForeignServers(
                    plan.key, plan.server, self._options.start_seconds, self._changed
                )
            else:
                assert plan.spec is not None
                self.workers[plan.key] = Generation(
                    *plan.spec, self._workshop, self._timeout_seconds, self._changed
                )
        return self.workers[plan.key]

    def _timeout_seconds(self) -> float:
        assert self.wanted is not None
        return self.wanted.endpoint.routing.timeout_seconds

    # -- what is not needed -------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Lets go of what has been kept warm long enough."""
        now = time.monotonic()
        for key in [key for key, until in self.kept.items() if until <= now]:
            await self._let_go(key)

    async def _tidy(self) -> None:
        """Keeps warm what the table has left behind, within bounds, and lets go of what never was in it."""
        needed = {plan.key for plan in self.in_force.plans.values()} if self.in_force else set()
        for key in [key for key in self.workers if key not in needed and key not in self.kept]:
            if self.workers[key].ready and key in self._served:
                self.kept[key] = time.monotonic() + self._options.keep_seconds
            else:
                await self._let_go(key)
        self._served |= needed
        while len(self.kept) > self._options.kept_versions:
            await self._let_go(min(self.kept, key=self.kept.__getitem__))

    async def _let_go(self, key: str) -> None:
        self.kept.pop(key, None)
        self._served.discard(key)
        await self.workers.pop(key).stop()

    # -- what others ask ----------------------------------------------------------------------------------

    @property
    def digests(self) -> set[Digest]:
        """The artifacts that are served, kept warm, or about to be."""
        held = {workers.files.digest for workers in self.workers.values() if workers.files is not None}
        wanted = self.wanted.endpoint.versions.values() if self.wanted is not None else ()
        return held | {pinned.digest for pinned in wanted}

    @property
    def route(self) -> Route | None:
        """The route as it stands: the last good state's, or one without workers before there was any."""
        if self.in_force is not None:
            state, plans = self.in_force.state, self.in_force.plans
            return _route(state, {v: self._target(state, v, plan) for v, plan in plans.items()}, None)
        if self.wanted is None:
            return None
        problem = self.problem.message if self.problem is not None else None
        traffic = self.wanted.endpoint.traffic
        return _route(self.wanted, {v: Target(v, w, False, ()) for v, w in traffic.items()}, problem)

    def words(self) -> str:
        """What is served and what is wrong, in a line for the operator."""
        if self.observed is None:
            return f"is not served: {_said(self.problem)}" if self.problem is not None else "is starting"
        shares = self.observed.endpoint.traffic.items()
        served = "serves " + " ".join(f"{version}={share * 100:.10g}%" for version, share in shares)
        return f"{served}, but {_said(self.problem)}" if self.problem is not None else served

    def _target(self, state: State, version: str, plan: Plan) -> Target:
        workers = self.workers.get(plan.key)
        return Target(
            version=version,
            weight=state.endpoint.traffic[version],
            idempotent=plan.idempotent,
            replicas=workers.ready if workers is not None else (),
            model_path=plan.server.model_path if plan.server is not None else None,
        )


def _said(problem: RegoloError) -> str:
    return f"{problem.message}\nhint: {problem.hint}" if problem.hint else problem.message


def _route(state: State, targets: dict[str, Target], problem: str | None) -> Route:
    return Route(state.endpoint.endpoint, state.commit, targets, state.endpoint.routing, problem)
