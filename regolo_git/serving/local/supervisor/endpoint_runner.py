"""Runs one endpoint: brings it to the desired state of the branch, one state at a time.

    start missing workers -> ready and warm -> swap the table -> keep unneeded workers warm or stop them

A newer state interrupts the work on an older one, so that a rollback does not wait for what it undoes.  A
state that cannot be reached leaves the last good one in force, with a problem that says why.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from regolo_git.errors import NotFound, RegoloError, StoreUnconfirmed, TransportError
from regolo_git.records.canary import CanaryPolicy, Watch
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint
from regolo_git.serving.local.supervisor.artifact_fetcher import ArtifactFetcher
from regolo_git.serving.local.supervisor.external_servers import ExternalReplicaSet
from regolo_git.serving.local.supervisor.replica_set import ReplicaSet, WorkerReplicaSet
from regolo_git.serving.local.supervisor.version_plan import ExternalPlan, VersionPlan, plan_version
from regolo_git.serving.local.supervisor.warm_sets import WarmSets
from regolo_git.serving.local.supervisor.worker_launcher import WorkerLauncher
from regolo_git.serving.local.supervisor.worker_process import StartFailed
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.routing_table import Route, WeightedVersion

PASSING = (NotFound, TransportError, StoreUnconfirmed)
RETRY_SECONDS = (1.0, 5.0, 15.0, 60.0)


@dataclass(frozen=True, slots=True)
class DesiredState:
    """An endpoint's desired state as of a commit."""

    commit: str
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class InForce:
    """The state that the next table will show, and how each of its versions is served."""

    state: DesiredState
    plans: dict[str, VersionPlan]


class EndpointRunner:
    """Runs one endpoint; `changed` is called whenever its route may have changed.

    `longest` says how many seconds one of its requests may take, `withheld` which version gets none.
    `in_force` is the state of its route, `observed` the state that every gateway has confirmed, `failed` the
    versions whose workers did not start when the wanted state was last tried.
    """

    def __init__(
        self,
        artifacts: ArtifactFetcher,
        launcher: WorkerLauncher,
        options: ServeOptions,
        longest: Callable[[], float],
        changed: Callable[[], None],
        withheld: Callable[[Endpoint], str | None],
    ) -> None:
        self.problem: RegoloError | None = None
        self.wanted: DesiredState | None = None
        self.in_force: InForce | None = None
        self.observed: DesiredState | None = None
        self.failed: tuple[str, ...] = ()
        self.replica_sets = WarmSets(options)
        self._artifacts = artifacts
        self._launcher = launcher
        self._options = options
        self._longest = longest
        self._changed = changed
        self._withheld = withheld
        self._task: asyncio.Task[None] | None = None

    async def want(self, state: DesiredState) -> None:
        """Accepts a new desired state.  If the endpoint is unchanged, only the commit moves."""
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

    async def do_without(self) -> None:
        """Serves without the version that is withheld, where nothing was served because it does not start."""
        if self.in_force is None and self.wanted is not None:
            await self._interrupt()
            self._task = asyncio.create_task(self._reach(self.wanted.endpoint))

    async def stop(self) -> None:
        """Stops every replica."""
        await self._interrupt()
        self.in_force = self.observed = None
        self._changed()
        await self.replica_sets.stop()

    async def _interrupt(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _reach(self, endpoint: Endpoint) -> None:
        """Reaches a state.  What is missing may arrive, and space be freed, so it is tried again."""
        for attempt in itertools.count():
            try:
                await self._apply(endpoint)
                await self._add_shadows(endpoint)
            except RegoloError as error:
                self.problem = error
                await self._tidy()
                self._changed()
                if not isinstance(error, PASSING) and not is_for_want_of_space(error):
                    return
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            else:
                return

    async def _apply(self, endpoint: Endpoint) -> None:
        """Brings the versions that callers reach in force, with the shadows that are there already."""
        # One that is served already stays within reach of those who ask for it.
        without = self._withheld(endpoint) if self.in_force is None else None
        plans = {
            version: await self._plan(endpoint, version)
            for version in endpoint.versions
            if version not in endpoint.shadow and version != without
        }
        # Two versions of the same content share a set.
        replicas: Counter[str] = Counter()
        for version, plan in plans.items():
            replicas[plan.key] += plan.replicas
            self._ensure(plan, endpoint.endpoint, version).at_least(replicas[plan.key])
        sets = self.replica_sets.sets
        await self._started(plans, list(replicas))
        assert self.wanted is not None
        self.in_force = InForce(self.wanted, {**self._kept_shadows(endpoint), **plans})
        self.problem = None
        self._changed()
        for key, count in replicas.items():
            sets[key].at_most(count)
        await self._tidy()

    async def _started(self, plans: Mapping[str, VersionPlan], keys: list[str]) -> None:
        """Waits for every set, so that it is known which versions do not start.  Raises ServingError."""
        sets, self.failed = self.replica_sets.sets, ()
        found = await asyncio.gather(*(sets[key].started() for key in keys), return_exceptions=True)
        broken = {key: error for key, error in zip(keys, found, strict=True) if error is not None}
        self.failed = tuple(version for version, plan in plans.items() if plan.key in broken)
        for error in broken.values():
            raise error

    def _kept_shadows(self, endpoint: Endpoint) -> dict[str, VersionPlan]:
        if self.in_force is None:
            return {}
        before, plans = self.in_force.state.endpoint.versions, self.in_force.plans
        pins = {version: endpoint.versions[version] for version in endpoint.shadow}
        return {v: plans[v] for v, pinned in pins.items() if v in plans and before[v] == pinned}

    async def _add_shadows(self, endpoint: Endpoint) -> None:
        """Fetches and starts shadows once callers have what they need: they never wait for a shadow."""
        for version in endpoint.shadow:
            assert self.in_force is not None
            if version in self.in_force.plans:
                continue
            plan = await self._plan(endpoint, version)
            others = sum(other.replicas for other in self.in_force.plans.values() if other.key == plan.key)
            workers = self._ensure(plan, endpoint.endpoint, version)
            workers.at_least(others + plan.replicas)
            self.in_force = InForce(self.in_force.state, {**self.in_force.plans, version: plan})
            self._changed()
            workers.at_most(others + plan.replicas)

    async def _plan(self, endpoint: Endpoint, version: str) -> VersionPlan:
        pinned = endpoint.versions[version]
        return await plan_version(endpoint.model, version, pinned, self._artifacts, self._options.policy)

    def _ensure(self, plan: VersionPlan, endpoint: str, version: str) -> ReplicaSet:
        return self.replica_sets.ensure(plan.key, lambda: self._new_set(plan, endpoint, version))

    def _new_set(self, plan: VersionPlan, endpoint: str, version: str) -> ReplicaSet:
        if isinstance(plan, ExternalPlan):
            return ExternalReplicaSet(plan.key, plan.server, self._options.start_seconds, self._changed)
        launcher = self._launcher.labelled(lambda: f"{endpoint} {self._served_as(plan.key, version)}")
        return WorkerReplicaSet(plan.spec, plan.files, launcher, self._longest, self._changed)

    def _served_as(self, key: str, version: str) -> str:
        """The versions in force of one content; they may have changed since `version` started its workers."""
        plans = self.in_force.plans if self.in_force is not None else {}
        return "+".join(name for name, plan in plans.items() if plan.key == key) or version

    async def _tidy(self) -> None:
        plans = self.in_force.plans.values() if self.in_force is not None else ()
        await self.replica_sets.tidy({plan.key for plan in plans})

    # -- the state, for others ----------------------------------------------------------------------------

    @property
    def digests(self) -> set[Digest]:
        """The digests of artifacts that are served, kept warm, or about to be."""
        wanted = self.wanted.endpoint.versions.values() if self.wanted is not None else ()
        return self.replica_sets.digests | {pinned.digest for pinned in wanted}

    @property
    def route(self) -> Route | None:
        """The current route: of the last good state, or without workers before there was one."""
        if self.in_force is not None:
            state, plans = self.in_force.state, self.in_force.plans
            return _route(state, {v: self._weighted(state, v, plan) for v, plan in plans.items()}, None)
        if self.wanted is None:
            return None
        problem = self.problem.message if self.problem is not None else None
        traffic = self.wanted.endpoint.traffic
        return _route(self.wanted, {v: WeightedVersion(v, w, False, ()) for v, w in traffic.items()}, problem)

    def _weighted(self, state: DesiredState, version: str, plan: VersionPlan) -> WeightedVersion:
        held = self.replica_sets.sets.get(plan.key)
        return WeightedVersion(
            version=version,
            weight=state.endpoint.traffic[version] if self._withheld(state.endpoint) != version else 0.0,
            shadow=state.endpoint.shadow.get(version, 0.0),
            idempotent=plan.idempotent,
            replicas=held.ready if held is not None else (),
            model_path=plan.server.model_path if isinstance(plan, ExternalPlan) else None,
        )

    def summary(self) -> str:
        """The split and the problem, in a line for the operator."""
        if self.observed is None:
            return f"is not served: {_message(self.problem)}" if self.problem is not None else "is starting"
        served = f"serves {self.observed.endpoint.split_text()}"
        withheld = self._withheld(self.observed.endpoint)
        if withheld is not None:
            served += f", without {withheld} until the branch changes the split"
        return f"{served}, but {_message(self.problem)}" if self.problem is not None else served


def is_for_want_of_space(problem: RegoloError | None) -> bool:
    """Whether workers did not start because the disk is full."""
    return isinstance(problem, StartFailed) and problem.is_disk_full


def _message(problem: RegoloError) -> str:
    return f"{problem.message}\nhint: {problem.hint}" if problem.hint else problem.message


def _route(state: DesiredState, versions: dict[str, WeightedVersion], problem: str | None) -> Route:
    return Route(
        state.endpoint.endpoint,
        state.commit,
        versions,
        state.endpoint.routing,
        problem,
        watch_of(state.endpoint),
    )


def watch_of(endpoint: Endpoint) -> Watch | None:
    """What is counted of each request, while a candidate is compared with the version beside it."""
    return (endpoint.canary or CanaryPolicy()).watch if endpoint.candidate is not None else None
