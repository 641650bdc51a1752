"""The canary controller: reads blocks, asks the decision, and moves traffic by commits.

    look at the branch -> claim the canary -> look at the engine -> block -> verdict -> commit

It is a thread of `git regolo serve --canary`.  Exactly one process decides on a canary, the one whose id the
branch has; while the branch refuses every claim, each measures and withholds, and none gives more traffic.
A rollback takes effect on this machine's gateways first, by an order to withhold the candidate,
and is then committed, again and again until the branch takes it.  Whatever cannot be known is a reason to
hold.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import isclose

from regolo_git.errors import RegoloError
from regolo_git.hints import Hint
from regolo_git.records.endpoint import LOCAL, Endpoint
from regolo_git.registry.endpoints.canary import Canary, Said, canary_of
from regolo_git.registry.records_at import Listing
from regolo_git.serving.canary.blocks import Reading
from regolo_git.serving.canary.decision import Verdict, evidence_text
from regolo_git.serving.canary.kept_evidence import read_evidence, write_evidence
from regolo_git.serving.canary.reasons import reason, reason_with_hint
from regolo_git.serving.canary.retries import Retries
from regolo_git.serving.canary.run import Run, expected_share, is_another
from regolo_git.serving.canary.view import EngineView, Observation
from regolo_git.serving.desired import Source, Writer
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.system_errors import reason_of
from regolo_git.text.numbers import shares_text

# A bake of ten minutes is looked at every five seconds, a shorter one as often in proportion.
LONGEST_PAUSE_SECONDS = 5.0
SHORTEST_PAUSE_SECONDS = 0.25
LOOKS_IN_A_BAKE = 20
ROLLBACK_WAITS = "the rollback waits"

OpenWriter = Callable[[], AbstractContextManager[Writer]]
ReadCounters = Callable[[Endpoint], Reading]


class CanaryController:
    """Decides on the canaries of some endpoints, or of all; `say` gets a line for each change.

    `counters` reads the counts from elsewhere than the engine of this machine.
    """

    def __init__(
        self,
        source: Source,
        open_writer: OpenWriter,
        engine: EngineView,
        directory: RuntimeDirectory,
        *,
        decider: str,
        names: Collection[str] = (),
        take_over: bool = False,
        counters: ReadCounters | None = None,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.runs: dict[str, Run] = {}
        self._source = source
        self._open_writer = open_writer
        self._engine = engine
        self._directory = directory
        self._decider = decider
        self._names = frozenset(names)
        self._may_take = take_over
        self._taken: set[str] = set()
        self._unclaimed: dict[str, str] = {}
        self._counters = counters
        self._say = say
        self._clock = clock
        self._read: tuple[str, Listing[Endpoint]] | None = None
        self._looked: dict[str, float] = {}
        self._retries = Retries(clock)
        self._said: dict[str, str] = {}
        self._serving, self._stopped = threading.Event(), threading.Event()

    def begin(self) -> None:
        """Lets the thread of `running` begin, once the engine serves."""
        self._serving.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block in which a thread decides, from `begin` on."""
        thread = threading.Thread(target=self._decide, name="regolo-canary", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._serving.set()
            thread.join(timeout=LONGEST_PAUSE_SECONDS)

    def _decide(self) -> None:
        self._serving.wait()
        pause = SHORTEST_PAUSE_SECONDS
        while not self._stopped.wait(pause):
            try:
                pause = self.tick()
            except (RegoloError, OSError) as error:
                # The endpoints stay as they are: nothing is known that would speak for anything else.
                self._tell("", f"canaries hold: {reason(error)}")
                pause = LONGEST_PAUSE_SECONDS

    def tick(self) -> float:
        """Looks at every canary; returns the seconds until the next look.  Raises what the source raises."""
        head = self._source.head()
        if self._read is None or self._read[0] != head:
            self._read = head, self._source.endpoints(head)
        listing = self._read[1]
        self._forget_ended(listing)
        pauses = [LONGEST_PAUSE_SECONDS]
        for endpoint in listing.records:
            if endpoint.engine != LOCAL or (self._names and endpoint.endpoint not in self._names):
                continue
            canary = canary_of(endpoint)
            if canary is not None:
                pauses.append(self._pause(canary))
                self._follow(canary)
        return min(pauses)

    def _pause(self, canary: Canary) -> float:
        share = canary.policy.bake_seconds / LOOKS_IN_A_BAKE
        return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, share))

    # -- whose canary it is -------------------------------------------------------------------------------

    def _forget_ended(self, listing: Listing[Endpoint]) -> None:
        """Drops the runs of canaries that a commit has ended; one that cannot be read holds."""
        running = {e.endpoint for e in listing.records if e.candidate is not None}
        for name in [name for name in self.runs if name not in running]:
            problem = listing.broken.get(f"endpoints/{name}.toml")
            if problem is not None:
                self._hold(name, f"the endpoint cannot be read: {problem.message}")
                continue
            run = self.runs.pop(name)
            run.verdict = Verdict("hold", "a commit has ended the canary", ())
            run.waiting = None
            self._say(f"endpoint '{name}': a commit has ended the canary of {run.canary.candidate.version}")
            self._keep(run)
            self._retries.over(name)

    def _hold(self, name: str, problem: str) -> None:
        run = self.runs[name]
        run.restart_reader()
        run.judge(problem)
        self._tell(name, f"endpoint '{name}': the canary holds: {problem}")
        self._keep(run)

    def _follow(self, canary: Canary) -> None:
        name = canary.endpoint.endpoint
        if canary.candidate.decided_by != self._decider:
            claimed = self._claim(canary)
            if claimed is None and canary.candidate.decided_by is not None:
                self.runs.pop(name, None)
                return
            # While the branch refuses the claim, nobody decides: this process measures, for the safe side.
            canary = claimed or canary
        run = self.runs.get(name)
        kept = read_evidence(self._directory.canary(name)) if run is None else None
        if canary.baseline is None or not isclose(canary.share, expected_share(canary, run, kept)):
            self._end(canary)
            return
        before = run.canary.candidate.step if run is not None else None
        if run is None or is_another(run.canary, canary):
            run = self.runs[name] = Run.begin(canary, kept, self._decider)
            self._looked.pop(name, None)
        elif not run.follow(canary):
            self._say(f"endpoint '{name}': the evidence starts afresh: the policy compares something else")
        if canary.candidate.step != before:
            # What was said of another step is said again of this one.
            self._said.pop(name, None)
        self._look(run)

    def _claim(self, canary: Canary) -> Canary | None:
        """The canary once this process decides on it; None if another one does."""
        name, other = canary.endpoint.endpoint, canary.candidate.decided_by
        take = self._may_take and name not in self._taken
        if other is not None and not take:
            self._tell(name, f"endpoint '{name}': the canary is decided by {other}")
            return None
        if not self._retries.is_due(name):
            return None
        said = Said(f"decide on the canary of {name}", expected=canary.endpoint)
        try:
            with self._open_writer() as writer:
                endpoint = writer.decide_canary(name, self._decider, take_over=take, said=said)
        except (RegoloError, OSError) as error:
            self._unclaimed[name] = f"cannot decide on the canary: {reason_with_hint(error)}"
            self._wait(name, f"endpoint '{name}': {self._unclaimed[name]}")
            return None
        self._taken.add(name)
        self._retries.over(name)
        self._unclaimed.pop(name, None)
        self._tell(name, f"endpoint '{name}': deciding on the canary of {canary.candidate.version}")
        return canary_of(endpoint)

    def _end(self, canary: Canary) -> None:
        """Ends a canary whose traffic a person has changed by hand: the person wins."""
        name = canary.endpoint.endpoint
        if not self._retries.is_due(name):
            return
        said = Said(f"end the canary of {name}: its traffic was changed by hand", expected=canary.endpoint)
        try:
            with self._open_writer() as writer:
                writer.end_canary(name, said=said)
        except (RegoloError, OSError) as error:
            words = f"the canary that a person ended stays: {reason_with_hint(error)}"
            self._wait(name, f"endpoint '{name}': {words}")
            return
        self._retries.over(name)

    # -- what is measured, and what follows from it -------------------------------------------------------

    def _look(self, run: Run) -> None:
        name, now = run.canary.endpoint.endpoint, self._clock()
        if not run.is_condemned:
            try:
                seen = self._engine.look(name)
                hold = self._measured(run, seen, now)
            except (RegoloError, OSError) as error:
                run.reader.restart()
                hold = f"no data: {reason(error)}"
            if not run.is_condemned:
                run.judge(hold)
        self._looked[name] = now
        verdict = run.verdict
        assert verdict is not None
        if verdict.kind != "roll_back" and (verdict.kind != "promote" or not run.canary.policy.promote):
            run.waiting = None
        if run.canary.candidate.decided_by is None:
            why = self._unclaimed.get(name)
            run.waiting = f"{ROLLBACK_WAITS}: {why}" if why and verdict.kind == "roll_back" else why
        self._keep(run)
        if verdict.kind == "roll_back":
            self._roll_back(run, verdict)
        elif verdict.kind == "promote":
            self._promote(run, verdict)
        elif verdict.reason.startswith("no data"):
            self._tell(name, f"endpoint '{name}': the canary holds: {verdict.reason}")

    def _measured(self, run: Run, seen: Observation, now: float) -> str | None:
        """Adds what was seen to the run; returns why it says nothing, if so."""
        hold = run.judge_workers(seen)
        if hold is not None or run.is_condemned:
            return hold
        if seen.traffic != run.canary.endpoint.traffic or seen.withheld is not None:
            run.reader.restart()
            return f"the split is not in force yet{f': {seen.problem}' if seen.problem else ''}"
        before = self._looked.get(run.canary.endpoint.endpoint)
        run.elapsed += now - before if before is not None else 0.0
        reading = self._counters(run.canary.endpoint) if self._counters is not None else seen.reading
        block = run.reader.next(reading, now)
        if block is not None:
            run.observe(block)
        return f"no data: {run.reader.problem}" if run.reader.problem is not None else None

    def _roll_back(self, run: Run, verdict: Verdict) -> None:
        name, version = run.canary.endpoint.endpoint, run.canary.candidate.version
        self._withhold(run)
        if not self._retries.is_due(name):
            return
        said = Said(
            f"roll back the canary of {run.canary.endpoint.model}@{version} on {name}\n\n{verdict.reason}",
            evidence_text(verdict),
            run.canary.endpoint,
        )
        try:
            with self._open_writer() as writer:
                endpoint = writer.roll_back_canary(name, said=said)
        except (RegoloError, OSError) as error:
            # If a commit got in between, the next look at the branch finds what it says.
            self._waits(run, f"{ROLLBACK_WAITS}: {reason_with_hint(error)}")
            return
        self._done(run)
        self._say(f"endpoint '{name}': rolled back {version} to {endpoint.whole}: {verdict.reason}")

    def _withhold(self, run: Run) -> None:
        if run.is_withheld:
            return
        name, version = run.canary.endpoint.endpoint, run.canary.candidate.version
        try:
            self._engine.withhold(name, version)
        except (RegoloError, OSError) as error:
            self._tell(name, f"endpoint '{name}': {version} is not withheld: {reason(error)}")
        else:
            run.is_withheld = True

    def _promote(self, run: Run, verdict: Verdict) -> None:
        name, candidate = run.canary.endpoint.endpoint, run.canary.candidate
        if not run.canary.policy.promote or candidate.held:
            step = Hint("canary hold", name, "--resume") if candidate.held else Hint("canary promote", name)
            self._tell(name, f"endpoint '{name}': {candidate.version} is {verdict.reason}: {step}")
            return
        if candidate.decided_by is None or not self._retries.is_due(name):
            return
        said = Said(None, evidence_text(verdict), run.canary.endpoint)
        try:
            with self._open_writer() as writer:
                endpoint = writer.step_canary(name, said=said)
        except (RegoloError, OSError) as error:
            self._waits(run, f"the next step waits: {reason_with_hint(error)}")
            return
        self._say(f"endpoint '{name}': {shares_text(endpoint.traffic)}: {verdict.reason}")
        if endpoint.candidate is None:
            self._done(run)
        else:
            self._retries.over(name)

    # -- errors, and what is kept -------------------------------------------------------------------------

    def _wait(self, name: str, words: str) -> None:
        self._retries.failed(name)
        self._tell(name, words)

    def _waits(self, run: Run, words: str) -> None:
        run.waiting = words
        self._keep(run)
        name = run.canary.endpoint.endpoint
        self._wait(name, f"endpoint '{name}': {words}")

    def _done(self, run: Run) -> None:
        """Keeps the last word on a canary that is over."""
        name = run.canary.endpoint.endpoint
        run.waiting = None
        self._keep(run)
        self.runs.pop(name, None)
        self._retries.over(name)

    def _keep(self, run: Run) -> None:
        try:
            path = self._directory.canary(run.canary.endpoint.endpoint)
            write_evidence(path, run.document(self._decider))
        except OSError as error:
            self._tell("kept", f"the evidence of canaries is not kept: {reason_of(error)}")

    def _tell(self, about: str, words: str) -> None:
        """Says something once, until something else is to be said."""
        if self._said.get(about) != words:
            self._said[about] = words
            self._say(words)
