"""The controller over a real registry: its commits, and what wins where somebody else commits too."""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, RegoloError, ServingError, TransportError
from regolo_git.records.canary import CanaryMetric, CanaryPolicy
from regolo_git.records.endpoint import Endpoint
from regolo_git.registry.endpoints.canary import Said, decide_canary
from regolo_git.registry.handle import Handle
from regolo_git.serving.canary.blocks import Reading
from regolo_git.serving.canary.controller import CanaryController
from regolo_git.serving.canary.for_engine import canary_controller
from regolo_git.serving.canary.view import Observation
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.registry_source import RegistrySource
from regolo_git.serving.registry_writer import RegistryWriter

POLICY = CanaryPolicy(steps=(0.1, 0.5), bake_seconds=10, min_requests=20)


class ScriptedEngine:
    """An engine that serves what the branch says, and counts what a test tells it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.now = 1000.0
        self.source = "one"
        self.totals = {"1.0": [0, 0], "1.1": [0, 0]}
        self.restarts = {"1.0": 0, "1.1": 0}
        self.failed: tuple[str, ...] = ()
        self.words: str | None = None
        self.worker_problems: dict[str, str] = {}
        self.traffic: Mapping[str, float] | None = registry.get_endpoint("e").traffic
        self.problem: RegoloError | None = None
        self.withheld: list[str] = []

    def count(self, *, bad: int, good: int = 0) -> None:
        """Five seconds in which the baseline fails rarely, and the candidate `bad` of 50 times."""
        self.now += 5
        for version, (requests, failures) in {"1.0": (450, 4 + good), "1.1": (50, bad)}.items():
            self.totals[version][0] += requests
            self.totals[version][1] += failures

    def look(self, endpoint: str) -> Observation:
        if self.problem is not None:
            raise self.problem
        totals = {version: tuple(counts) for version, counts in self.totals.items()}
        traffic = self.registry.get_endpoint(endpoint).traffic if self.traffic is not None else None
        return Observation(
            Reading(self.source, self.now, totals),
            traffic,
            dict(self.restarts),
            self.failed,
            self.words,
            None,
            self.worker_problems,
        )

    def withhold(self, endpoint: str, version: str) -> None:
        self.withheld.append(f"{endpoint} {version}")


class Setting:
    """A registry with an endpoint `e` and a controller of it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.engine = ScriptedEngine(registry)
        self.said: list[str] = []
        self.refusal: RegoloError | OSError | None = None
        self.controller = self.another()

    def another(self, decider: str = "here", *, take_over: bool = False) -> CanaryController:
        """A controller as another process would have it."""
        handle = self.registry.handle
        source = RegistrySource(lambda: handle, handle.paths.common_dir / "unused")

        @contextmanager
        def open_writer() -> Iterator[RegistryWriter]:
            if self.refusal is not None:
                raise self.refusal
            yield RegistryWriter(handle)

        return CanaryController(
            source,
            open_writer,
            self.engine,
            RuntimeDirectory.of(handle.paths.common_dir),
            decider=decider,
            take_over=take_over,
            say=self.said.append,
            clock=lambda: self.engine.now,
        )

    def blocks(self, number: int, *, bad: int) -> None:
        for _ in range(number):
            self.engine.count(bad=bad)
            self.controller.tick()

    @property
    def endpoint(self) -> Endpoint:
        return self.registry.get_endpoint("e")

    @property
    def kept(self) -> dict:
        path = RuntimeDirectory.of(self.registry.handle.paths.common_dir).canary("e")
        return json.loads(path.read_text())

    @property
    def actions(self) -> list[str]:
        return [event.action for event in self.registry.get_endpoint_history("e")]


@pytest.fixture
def setting(registered: Registry) -> Setting:
    registered.create_endpoint("e", "m", "1.0")
    registered.start_canary("e", "1.1", policy=POLICY)
    made = Setting(registered)
    made.controller.tick()
    return made


def test_a_worse_version_is_withheld_and_rolled_back(setting: Setting) -> None:
    assert setting.endpoint.candidate is not None
    assert setting.endpoint.candidate.decided_by == "here"
    setting.blocks(6, bad=8)
    assert setting.endpoint.traffic == {"1.0": 1.0}
    assert setting.engine.withheld == ["e 1.1"]
    assert setting.actions[:3] == ["canary-roll-back", "canary-decide", "canary-start"]
    assert setting.kept["verdict"]["kind"] == "roll_back"
    assert setting.kept["waiting"] is None
    assert setting.controller.runs == {}


def test_by_default_a_good_version_waits_for_a_person_at_each_step(setting: Setting) -> None:
    setting.blocks(40, bad=0)
    assert setting.endpoint.traffic == {"1.0": 0.9, "1.1": 0.1}
    assert setting.kept["verdict"]["kind"] == "promote"
    assert any("git regolo canary promote e" in line for line in setting.said)
    setting.registry.promote_canary("e")
    setting.blocks(1, bad=0)
    assert setting.kept["step"] == 1
    assert setting.kept["verdict"]["kind"] == "hold"
    status = setting.registry.get_canary("e")
    assert status.measured is not None
    assert status.measured.step == 1
    # What is to be typed is said at this step, too, though it is the same.
    setting.blocks(40, bad=0)
    assert [line for line in setting.said if "git regolo canary promote e" in line] == [
        "endpoint 'e': 1.1 is not worse by error_rate: git regolo canary promote e"
    ] * 2


@pytest.fixture
def automatic(registered: Registry) -> Setting:
    registered.create_endpoint("e", "m", "1.0")
    registered.start_canary("e", "1.1", policy=replace(POLICY, promote=True))
    made = Setting(registered)
    made.controller.tick()
    return made


def test_a_policy_that_says_so_takes_every_step(automatic: Setting) -> None:
    automatic.blocks(80, bad=0)
    assert automatic.endpoint.traffic == {"1.1": 1.0}
    assert automatic.actions[:2] == ["canary-promote", "canary-step"]


def test_a_rule_that_refuses_the_last_step_is_asked_again(registered: Registry) -> None:
    registered.promote_model_version("m", "1.0", "production")
    registered.create_endpoint("e", "m", "1.0", environment="production")
    registered.start_canary("e", "1.1", policy=replace(POLICY, steps=(0.1,), promote=True))
    top = registered.handle.paths.top
    config = top / ".regolo/config.toml"
    rule = '[environments.production]\nrequires = ["staging"]'
    config.write_text(config.read_text().replace("[environments.production]", rule))
    git(top, "commit", "-qam", "staging first")
    made = Setting(registered)
    made.controller.tick()
    made.blocks(40, bad=0)
    assert made.endpoint.traffic == {"1.0": 0.9, "1.1": 0.1}
    assert "must be promoted to 'staging' first" in made.kept["waiting"]
    assert registered.list_environments("production")[0].version == "1.0"
    registered.promote_model_version("m", "1.1", "staging", new_environment=True)
    made.blocks(13, bad=0)
    assert made.endpoint.traffic == {"1.1": 1.0}
    assert registered.list_environments("production")[0].version == "1.1"


def test_a_held_canary_gets_no_more_and_is_still_rolled_back(automatic: Setting) -> None:
    automatic.registry.hold_canary("e")
    automatic.blocks(40, bad=0)
    assert automatic.endpoint.traffic == {"1.0": 0.9, "1.1": 0.1}
    automatic.blocks(30, bad=20)
    assert automatic.endpoint.traffic == {"1.0": 1.0}


def test_a_branch_that_refuses_does_not_delay_the_safe_side(setting: Setting) -> None:
    setting.refusal = TransportError("the remote refuses")
    setting.blocks(6, bad=8)
    assert setting.engine.withheld == ["e 1.1"]
    assert setting.endpoint.candidate is not None
    assert setting.kept["waiting"] == "the rollback waits: the remote refuses"
    assert setting.registry.get_canary("e").measured.waiting is not None  # type: ignore[union-attr]
    # A server that is started again goes on with it, without another block.
    setting.controller, setting.refusal = setting.another(), None
    setting.engine.now += 100
    setting.controller.tick()
    assert setting.endpoint.traffic == {"1.0": 1.0}
    assert setting.kept["waiting"] is None


def test_a_branch_that_refuses_even_the_claim_does_not_delay_the_safe_side(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0")
    registered.start_canary("e", "1.1", policy=replace(POLICY, promote=True))
    made = Setting(registered)
    made.refusal = TransportError("the remote refuses")
    made.blocks(6, bad=8)
    assert made.engine.withheld == ["e 1.1"]
    assert made.endpoint.candidate is not None
    status = registered.get_canary("e")
    assert status.measured is not None
    assert status.measured.waiting == "the rollback waits: cannot decide on the canary: the remote refuses"
    made.refusal = None
    made.engine.now += 100
    made.controller.tick()
    assert made.endpoint.traffic == {"1.0": 1.0}
    assert made.actions[:2] == ["canary-roll-back", "canary-decide"]


def test_a_server_that_cannot_claim_a_good_version_gives_it_no_more(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0")
    registered.start_canary("e", "1.1", policy=replace(POLICY, promote=True))
    made = Setting(registered)
    made.refusal = TransportError("the remote refuses")
    made.blocks(40, bad=0)
    assert made.kept["verdict"]["kind"] == "promote"
    made.refusal = None
    # The claim is not due yet, and no step is taken without it.
    made.controller.tick()
    assert made.endpoint.traffic == {"1.0": 0.9, "1.1": 0.1}
    made.blocks(13, bad=0)
    oldest_first = made.actions[::-1]
    assert oldest_first.index("canary-decide") < oldest_first.index("canary-step")


def test_what_the_system_refuses_keeps_no_other_canary_from_its_rollback(setting: Setting) -> None:
    setting.registry.create_endpoint("f", "m", "1.0")
    setting.registry.start_canary("f", "1.1", policy=POLICY)
    setting.controller.tick()
    setting.refusal = OSError(errno.ENOMEM, "Cannot allocate memory")
    setting.blocks(6, bad=8)
    assert sorted(setting.engine.withheld) == ["e 1.1", "f 1.1"]
    assert setting.kept["waiting"] == "the rollback waits: there is not enough memory"


def test_evidence_goes_on_where_the_process_was_replaced(setting: Setting) -> None:
    setting.blocks(3, bad=2)
    before = setting.kept["metrics"][0]["log_evidence"]
    assert before > 0
    setting.controller = setting.another()
    setting.engine.source = "two"
    setting.controller.tick()
    assert setting.kept["metrics"][0]["log_evidence"] == before
    assert len(setting.kept["series"]) == 3
    setting.blocks(4, bad=8)
    assert setting.endpoint.traffic == {"1.0": 1.0}


def test_what_is_kept_of_another_canary_or_another_decider_is_not_taken(setting: Setting) -> None:
    setting.blocks(3, bad=2)
    setting.registry.abort_canary("e")
    setting.controller.tick()
    assert any("a commit has ended the canary" in line for line in setting.said)
    setting.registry.start_canary("e", "1.1")
    # The clock of records has seconds; a canary that was started at another second is another one.
    kept = setting.kept
    path = RuntimeDirectory.of(setting.registry.handle.paths.common_dir).canary("e")
    path.write_text(json.dumps({**kept, "since": "2020-01-01T00:00:00Z"}))
    setting.controller = setting.another()
    setting.controller.tick()
    assert setting.kept["metrics"][0]["log_evidence"] == 0.0


@pytest.mark.parametrize("is_restarted", [False, True])
def test_evidence_beside_another_baseline_is_not_taken(setting: Setting, *, is_restarted: bool) -> None:
    setting.blocks(3, bad=2)
    assert setting.kept["metrics"][0]["log_evidence"] > 0
    registry = setting.registry
    registry.abort_canary("e")
    registry.create_model_version("m", "1.2", model_data=b"three")
    registry.update_endpoint_traffic("e", {"1.2": 1.0})
    registry.start_canary("e", "1.1", policy=POLICY)
    decide_canary(registry.handle, "e", "here")
    registry.promote_canary("e")
    if is_restarted:
        setting.controller = setting.another()
    setting.blocks(1, bad=0)
    assert setting.kept["baseline"] == "1.2"
    assert setting.kept["metrics"][0]["log_evidence"] == 0
    assert setting.kept["metrics"][0]["candidate"]["requests"] == 0


def test_one_decides_and_the_other_follows_until_it_takes_over(setting: Setting) -> None:
    other = setting.another("there")
    setting.blocks(6, bad=0)
    for _ in range(3):
        other.tick()
    assert other.runs == {}
    assert "endpoint 'e': the canary is decided by here" in setting.said
    successor = setting.another("there", take_over=True)
    successor.tick()
    assert setting.endpoint.candidate is not None
    assert setting.endpoint.candidate.decided_by == "there"
    # The first one finds that out, and decides no more, whatever it measures.
    setting.blocks(6, bad=30)
    assert setting.controller.runs == {}
    assert setting.endpoint.candidate is not None


@pytest.mark.parametrize("how", ["vanishes", "begins-again", "jumps"])
def test_counters_that_cannot_be_trusted_make_it_hold(setting: Setting, how: str) -> None:
    setting.blocks(2, bad=2)
    for number in range(10):
        if how == "vanishes":
            setting.engine.problem = ServingError("the engine does not answer")
        elif how == "begins-again":
            setting.engine.source = f"source {number}"
        else:
            setting.engine.now += 4000
        setting.blocks(1, bad=8)
    assert setting.endpoint.traffic == {"1.0": 0.9, "1.1": 0.1}
    assert setting.kept["verdict"]["kind"] == "hold"
    assert setting.kept["verdict"]["reason"].startswith("no data")
    setting.engine.problem = None
    setting.blocks(6, bad=8)
    assert setting.endpoint.traffic == {"1.0": 1.0}


@pytest.mark.parametrize("how", ["start", "crash"])
def test_workers_that_crash_are_a_rollback_without_statistics(setting: Setting, how: str) -> None:
    if how == "start":
        setting.engine.failed = ("1.1",)
    else:
        setting.engine.restarts["1.1"] = 3
    setting.controller.tick()
    assert setting.endpoint.traffic == {"1.0": 1.0}
    assert "its workers" in git(setting.registry.handle.paths.top, "log", "-1", "--format=%B", "main")


def test_workers_of_both_versions_that_crash_speak_against_neither(setting: Setting) -> None:
    setting.engine.restarts = {"1.0": 4, "1.1": 4}
    setting.blocks(2, bad=0)
    assert setting.endpoint.candidate is not None


@pytest.mark.parametrize("failed", [("1.0", "1.1"), ("1.0",)])
def test_a_machine_on_which_the_baseline_does_not_start_speaks_against_nobody(
    setting: Setting, failed: tuple[str, ...]
) -> None:
    setting.engine.failed, setting.engine.words = failed, "no memory"
    setting.engine.traffic = None
    setting.blocks(3, bad=20)
    assert setting.endpoint.candidate is not None
    assert setting.kept["verdict"]["kind"] == "hold"
    assert "no memory" in setting.kept["verdict"]["reason"]


def test_a_crash_says_why_if_that_is_known(setting: Setting) -> None:
    setting.engine.restarts["1.1"], setting.engine.worker_problems = 3, {"1.1": "exit status 3"}
    setting.controller.tick()
    assert setting.kept["verdict"]["reason"] == "its workers crash: 3 were lost (exit status 3)"


def edit(registry: Registry, change: dict[str, object], text: str | None = None) -> None:
    top = registry.handle.paths.top
    endpoint = replace(registry.get_endpoint("e"), **change)  # type: ignore[arg-type]
    (top / "endpoints/e.toml").write_text(text if text is not None else endpoint.to_text())
    git(top, "commit", "-qam", "by hand")


def test_a_person_who_edits_the_split_ends_the_canary(setting: Setting) -> None:
    setting.blocks(2, bad=0)
    edit(setting.registry, {"traffic": {"1.0": 0.7, "1.1": 0.3}})
    setting.blocks(1, bad=0)
    assert (setting.endpoint.candidate, setting.endpoint.traffic) == (None, {"1.0": 0.7, "1.1": 0.3})
    assert setting.actions[0] == "canary-end"
    setting.blocks(6, bad=30)
    assert setting.endpoint.traffic == {"1.0": 0.7, "1.1": 0.3}


def test_a_person_who_edits_the_steps_leaves_the_canary_running(setting: Setting) -> None:
    setting.blocks(2, bad=0)
    edit(setting.registry, {"canary": replace(POLICY, steps=(0.2, 0.4))})
    setting.blocks(1, bad=0)
    assert setting.endpoint.candidate is not None
    assert setting.registry.promote_canary("e").traffic == {"1.0": 0.8, "1.1": 0.2}


def test_another_margin_starts_the_evidence_afresh_and_another_level_does_not(setting: Setting) -> None:
    setting.blocks(2, bad=2)
    before = setting.kept["metrics"][0]["log_evidence"]
    edit(setting.registry, {"canary": replace(POLICY, rollback_level=0.0001)})
    setting.blocks(1, bad=3)
    assert setting.kept["metrics"][0]["log_evidence"] > before > 0
    assert not [line for line in setting.said if "afresh" in line]
    edit(setting.registry, {"canary": replace(POLICY, metrics=(CanaryMetric("error_rate", 0.02),))})
    setting.blocks(1, bad=0)
    assert setting.kept["metrics"][0]["log_evidence"] == 0
    assert setting.kept["metrics"][0]["baseline"]["requests"] == 450
    said = "endpoint 'e': the evidence starts afresh: the policy compares something else"
    assert setting.said.count(said) == 1


def test_a_policy_that_is_broken_in_the_middle_makes_it_hold(setting: Setting) -> None:
    setting.blocks(3, bad=2)
    good = setting.endpoint.to_text()
    edit(setting.registry, {}, good.replace("steps = [0.1, 0.5]", "steps = [0.5, 0.1]"))
    setting.blocks(1, bad=20)
    assert "cannot be read" in setting.kept["verdict"]["reason"]
    assert any("cannot be read" in line for line in setting.said)
    edit_back = setting.registry.handle.paths.top / "endpoints/e.toml"
    edit_back.write_text(good)
    git(setting.registry.handle.paths.top, "commit", "-qam", "mended")
    setting.blocks(8, bad=20)
    assert setting.endpoint.traffic == {"1.0": 1.0}


def test_an_endpoint_that_is_deleted_or_a_branch_that_was_moved_back_ends_it(setting: Setting) -> None:
    top: Path = setting.registry.handle.paths.top
    setting.blocks(2, bad=0)
    git(top, "reset", "-q", "--hard", "HEAD~2")
    setting.blocks(1, bad=0)
    assert setting.controller.runs == {}
    setting.registry.start_canary("e", "1.1", policy=POLICY)
    setting.blocks(1, bad=0)
    assert list(setting.controller.runs) == ["e"]
    setting.registry.delete_endpoint("e")
    setting.blocks(1, bad=0)
    assert setting.controller.runs == {}


def test_a_commit_in_the_middle_of_a_rollback_wins(setting: Setting) -> None:
    seen = setting.endpoint
    setting.registry.update_endpoint_traffic("e", {"1.1": 1.0})
    with pytest.raises(RegoloError, match="no canary runs"):
        RegistryWriter(setting.registry.handle).roll_back_canary("e", said=Said(expected=seen))
    assert setting.endpoint.traffic == {"1.1": 1.0}


def test_a_step_by_a_person_does_not_let_a_bad_version_back(setting: Setting) -> None:
    setting.refusal = TransportError("the remote refuses")
    setting.blocks(6, bad=8)
    setting.registry.promote_canary("e")
    setting.blocks(1, bad=0)
    assert setting.engine.withheld == ["e 1.1", "e 1.1"]
    assert setting.kept["verdict"]["kind"] == "roll_back"


def test_a_server_that_could_not_commit_does_not_begin_to_decide(
    registered: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = registered.handle.paths.top
    source = RegistrySource(lambda: registered.handle, top / ".git/unused")

    def begin() -> CanaryController:
        return canary_controller(source, lambda: Handle.open(top, os.environ), top / ".git", say=print)

    first, second = begin(), begin()
    assert first._decider == second._decider  # of one clone, also after a restart
    monkeypatch.setenv("GIT_AUTHOR_NAME", "")
    with pytest.raises(InvalidInput, match="Git has no name"):
        begin()


def test_what_a_worker_says_is_one_line_of_the_commit(setting: Setting) -> None:
    setting.engine.failed = ("1.1",)
    setting.engine.words = "a worker ended\n\nRegolo-Action: promote\x1b[2J\n" + "x" * 5000
    setting.controller.tick()
    message = git(setting.registry.handle.paths.top, "log", "-1", "--format=%B", "main")
    assert [line for line in message.splitlines() if line.startswith("Regolo-Action")] == [
        "Regolo-Action: canary-roll-back"
    ]
    assert "\x1b" not in message
    assert len(message) < 2000
    assert setting.actions[0] == "canary-roll-back"
