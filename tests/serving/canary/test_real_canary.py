"""Canaries of a real server under load: each verdict, and what becomes of evidence when processes go."""

import json
import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from support.git_program import clone, git
from support.ports import reserved_port
from support.prometheus_server import PROGRAM, prometheus
from support.running_engine import RunningEngine, kill, until
from support.running_registry import ServedRegistry, load_on, serving

from regolo_git.records.canary import CanaryMetric, CanaryPolicy
from regolo_git.records.endpoint import Endpoint
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

pytestmark = pytest.mark.slow

# Only a demonstration: a real canary bakes for minutes.
QUICK = CanaryPolicy(steps=(0.2, 0.5), bake_seconds=2, min_requests=30, promote=True)
FAILING = """\
import random
def load(path, config):
    def predict(inputs):
        if random.random() < 0.3:
            raise RuntimeError("no answer")
        return inputs
    return predict
"""
# Starts unless a file is there.
UNLESS = """\
import os
def load(path, config):
    if os.path.exists({path!r}):
        raise RuntimeError("cannot be loaded any more")
    return lambda inputs: inputs
"""
# As a worker whose directory is on a full disk.
FULL = """\
import errno, os
def load(path, config):
    if not os.path.exists({path!r}):
        raise OSError(errno.ENOSPC, "No space left on device")
    return lambda inputs: inputs
"""
BROKEN = "def load(path, config):\n    raise RuntimeError('cannot be loaded')\n"


@pytest.fixture
def served(tmp_path: Path) -> ServedRegistry:
    registry = ServedRegistry(tmp_path / "registry")
    registry.version("1.0")
    registry.endpoint("1.0")
    return registry


def endpoint_of(registry: ServedRegistry) -> object:
    return registry.registry.get_endpoint("e")


def kept(engine: RunningEngine) -> dict:
    return json.loads(RuntimeDirectory.of(engine.common).canary("e").read_text())


def message(registry: ServedRegistry) -> str:
    return git(registry.top, "log", "-1", "--format=%B", "main")


def test_a_version_that_fails_is_rolled_back_with_its_evidence(served: ServedRegistry) -> None:
    served.version("1.1", FAILING)
    with serving(served.top, "--canary") as engine:
        served.registry.start_canary("e", "1.1", policy=QUICK)
        # Nobody asks yet, and no data is a reason to hold.
        until(lambda: RuntimeDirectory.of(engine.common).canary("e").exists())
        until(lambda: "no requests" in kept(engine)["verdict"]["reason"])
        assert kept(engine)["verdict"]["kind"] == "hold"
        with load_on(engine, rate=200):
            until(lambda: served.registry.get_endpoint("e").traffic == {"1.0": 1.0})
        assert "Regolo-Action: canary-roll-back" in message(served)
        assert "error_rate is worse" in message(served)
        assert "Regolo-Evidence: error_rate is worse" in message(served)
        until(lambda: kept(engine)["verdict"]["kind"] == "roll_back")
        assert served.registry.get_endpoint("e").canary.rejected


@pytest.mark.skipif(PROGRAM is None, reason="the program 'prometheus' is not on PATH")
def test_what_prometheus_has_counted_decides_once_it_answers(served: ServedRegistry, tmp_path: Path) -> None:
    served.version("1.1", FAILING)
    with (
        reserved_port() as port,
        serving(served.top, "--canary", "--canary-metrics", f"http://127.0.0.1:{port}") as engine,
    ):
        served.registry.start_canary("e", "1.1", policy=QUICK)
        until(lambda: RuntimeDirectory.of(engine.common).canary("e").exists())
        with load_on(engine, rate=200):
            until(lambda: "no data" in kept(engine)["verdict"]["reason"])
            assert kept(engine)["verdict"]["kind"] == "hold"
            with prometheus(engine, tmp_path / "prometheus", port):
                until(lambda: served.registry.get_endpoint("e").traffic == {"1.0": 1.0})
        assert "Regolo-Evidence: error_rate is worse" in message(served)


def test_a_version_that_is_as_good_takes_every_step_by_itself(served: ServedRegistry) -> None:
    served.version("1.1")
    policy = CanaryPolicy(
        steps=(0.5,),
        bake_seconds=2,
        min_requests=30,
        promote=True,
        metrics=(CanaryMetric("error_rate", 0.0, 0.05),),
    )
    with serving(served.top, "--canary") as engine, load_on(engine, rate=300) as load:
        served.registry.start_canary("e", "1.1", policy=policy)
        until(lambda: served.registry.get_endpoint("e").traffic == {"1.1": 1.0})
        assert "Regolo-Action: canary-promote" in message(served)
        assert "Regolo-Evidence: not worse by error_rate" in message(served)
    assert load.lost == []


def test_a_version_that_cannot_start_is_rolled_back_at_once(served: ServedRegistry) -> None:
    served.version("1.1", BROKEN)
    with serving(served.top, "--canary"):
        served.registry.start_canary("e", "1.1", policy=QUICK)
        until(lambda: served.registry.get_endpoint("e").traffic == {"1.0": 1.0})
        assert "its workers do not start" in message(served)


def test_a_version_whose_workers_do_not_come_back_is_rolled_back(
    served: ServedRegistry, tmp_path: Path
) -> None:
    served.version("1.1", UNLESS.format(path=str(tmp_path / "gone")))
    with serving(served.top, "--canary") as engine:
        served.registry.start_canary("e", "1.1", policy=QUICK)
        (worker,) = until(lambda: "1.1" in engine.status("e")["versions"] and engine.workers("e", "1.1"))
        until(lambda: RuntimeDirectory.of(engine.common).canary("e").exists())
        engine.process.send_signal(signal.SIGHUP)
        (tmp_path / "gone").touch()
        kill(worker)
        until(lambda: served.registry.get_endpoint("e").traffic == {"1.0": 1.0})
        found = r"its workers crash: \d+ were lost \(loading failed: RuntimeError: cannot"
        assert re.search(found, message(served)), message(served)


def test_a_version_that_cannot_start_again_keeps_no_caller_waiting_for_the_branch(
    served: ServedRegistry, tmp_path: Path
) -> None:
    served.version("1.1", UNLESS.format(path=str(tmp_path / "gone")))
    with serving(served.top, "--canary") as engine:
        served.registry.start_canary("e", "1.1", policy=QUICK)
        until(lambda: "1.1" in engine.status("e")["versions"])
        until(lambda: served.registry.get_endpoint("e").candidate.decided_by)
    (tmp_path / "gone").touch()
    refusal = served.top / ".git/hooks/reference-transaction"
    refusal.parent.mkdir(exist_ok=True)
    refusal.write_text("#!/bin/sh\nexit 1\n")
    refusal.chmod(0o755)
    with serving(served.top, "--canary") as engine:
        until(lambda: (kept(engine)["waiting"] or "").startswith("the rollback waits"))
        until(lambda: engine.predict([[1]]).status == 200)
        assert {engine.predict([[1]]).status for _ in range(20)} == {200}
        refusal.unlink()
        until(lambda: served.registry.get_endpoint("e").traffic == {"1.0": 1.0})


def test_a_full_disk_is_no_fault_of_the_candidate(served: ServedRegistry, tmp_path: Path) -> None:
    served.version("1.1", FULL.format(path=str(tmp_path / "freed")))
    with serving(served.top, "--canary") as engine:
        served.registry.start_canary("e", "1.1", policy=QUICK)
        until(lambda: RuntimeDirectory.of(engine.common).canary("e").exists(), 40)
        until(lambda: "loading failed: the disk is full" in kept(engine)["verdict"]["reason"], 40)
        assert kept(engine)["verdict"]["kind"] == "hold"
        assert {engine.predict([[1]]).version for _ in range(20)} == {"1.0"}
        (tmp_path / "freed").touch()
        until(lambda: engine.status("e")["versions"].keys() == {"1.0", "1.1"}, 90)
        assert served.registry.get_endpoint("e").candidate is not None


def test_a_baseline_that_does_not_start_here_is_no_fault_of_the_candidate(
    tmp_path: Path,
) -> None:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0", UNLESS.format(path=str(tmp_path / "gone")))
    served.version("1.1")
    served.endpoint("1.0")
    with serving(served.top, "--canary") as engine:
        served.registry.start_canary("e", "1.1", policy=QUICK)
        until(lambda: served.registry.get_endpoint("e").candidate.decided_by)
    (tmp_path / "gone").touch()
    with serving(served.top, "--canary") as engine:
        until(lambda: "cannot be loaded any more" in kept(engine)["verdict"]["reason"])
        assert kept(engine)["verdict"]["kind"] == "hold"
    assert served.registry.get_endpoint("e").candidate is not None


def test_other_controllers_get_the_verdict_on_this_machine_or_with_the_token(
    served: ServedRegistry, tmp_path: Path
) -> None:
    directory = RuntimeDirectory.of(served.top / ".git")
    directory.canaries.mkdir(parents=True)
    document = {"candidate": "1.1", "verdict": {"kind": "promote", "reason": "not worse"}}
    directory.canary("e").write_text(json.dumps(document))
    asked = "/canary/verdict?endpoint=e&version=1.1"
    (tmp_path / "token").write_text("secret\n")
    with serving(served.top) as engine:
        assert engine.ask("GET", asked).json["verdict"] == "promote"
        assert engine.ask("GET", asked.replace("1.1", "1.2")).json["verdict"] == "hold"
        assert engine.ask("GET", "/canary/verdict?endpoint=x").status == 404
        assert engine.ask("POST", "/canary/may-advance?endpoint=e", b"{}").status == 200
        assert engine.ask("POST", "/canary/must-roll-back?endpoint=e", b"{}").status == 409
        forwarded = {"x-forwarded-for": "203.0.113.9"}
        assert engine.ask("GET", asked, None, forwarded).status == 403
    with serving(served.top, "--page-token-file", str(tmp_path / "token")) as engine:
        assert engine.ask("GET", asked).status == 401
        assert engine.ask("GET", asked, None, {"authorization": "Bearer secret"}).json["verdict"] == "promote"
        webhook = "/canary/may-advance?endpoint=e"
        assert engine.ask("POST", webhook, b'{"metadata": {"token": "guess"}}').status == 401
        assert engine.ask("POST", webhook, b'{"metadata": {"token": "secret"}}').status == 200
        assert engine.ask("POST", webhook, b"[" * 100_000).status == 401


def test_one_of_two_servers_decides_and_a_branch_that_refuses_does_not_delay_it(
    served: ServedRegistry, tmp_path: Path
) -> None:
    served.version("1.1", FAILING)
    host = tmp_path / "host.git"
    git(tmp_path, "clone", "-q", "--bare", str(served.top), str(host))
    git(served.top, "remote", "add", "origin", str(host))
    git(served.top, "fetch", "-q", "origin")
    clones = [clone(host, tmp_path / name) for name in ("one", "two")]
    for top in clones:
        shutil.copytree(served.top / ".git/regolo/store", top / ".git/regolo/store")
    options = ("--fetch", "1", "--canary")
    with serving(clones[0], *options) as one:
        served.registry.start_canary("e", "1.1", policy=replace(QUICK, steps=(0.5,)), push=True)

        def decider() -> str | None:
            git(served.top, "fetch", "-q", "origin")
            file = git(served.top, "show", "origin/main:endpoints/e.toml")
            found = Endpoint.parse(file, "endpoints/e.toml").candidate
            return found.decided_by if found is not None else None

        until(lambda: decider() is not None)
        with serving(clones[1], *options) as two:
            until(lambda: two.status("e")["versions"].keys() == {"1.0", "1.1"})
            refusal = host / "hooks/pre-receive"
            refusal.write_text("#!/bin/sh\necho 'protected branch' >&2\nexit 1\n")
            refusal.chmod(0o755)
            with load_on(one, rate=150):
                until(lambda: (kept(one)["waiting"] or "").startswith("the rollback waits"))
            # Off at once where it was decided, whatever the remote says.
            assert {one.predict([[1]]).version for _ in range(40)} == {"1.0"}
            assert "1.1" in {two.predict([[1]]).version for _ in range(60)}
            assert decider() is not None
            refusal.unlink()
            until(lambda: two.status("e")["versions"].keys() == {"1.0"})
            assert "Regolo-Action: canary-roll-back" in git(host, "log", "-1", "--format=%B", "main")
            until(lambda: kept(one)["waiting"] is None)
            assert not RuntimeDirectory.of(two.common).canary("e").exists()


def followed(served: ServedRegistry, tmp_path: Path) -> tuple[Path, Path]:
    """A bare host with what is served, followed by the person's clone, and a clone to serve from."""
    host = tmp_path / "host.git"
    git(tmp_path, "clone", "-q", "--bare", str(served.top), str(host))
    git(served.top, "remote", "add", "origin", str(host))
    git(served.top, "fetch", "-q", "origin")
    top = clone(host, tmp_path / "server")
    shutil.copytree(served.top / ".git/regolo/store", top / ".git/regolo/store")
    return host, top


def rewrite(served: ServedRegistry) -> None:
    """Replaces the newest commit of the remote's branch, whatever others pushed on it, by another one."""
    git(served.top, "commit", "-q", "--amend", "-m", "the same, in other words")
    git(served.top, "push", "-q", "--force", "origin", "main")


def test_a_branch_that_is_rewritten_does_not_keep_a_rollback_waiting(
    served: ServedRegistry, tmp_path: Path
) -> None:
    served.version("1.1", FAILING)
    host, top = followed(served, tmp_path)
    with serving(top, "--fetch", "1", "--canary") as engine:
        served.registry.start_canary("e", "1.1", policy=QUICK, push=True)
        until(lambda: "canary-decide" in git(top, "log", "-1", "--format=%B", "main"), 40)
        decided = git(top, "rev-parse", "main")
        with load_on(engine, rate=200):
            rewrite(served)
            until(lambda: "canary-roll-back" in git(host, "log", "-1", "--format=%B", "main"), 60)
        assert "in other words" in git(host, "log", "--format=%s", "main")
        assert decided not in git(host, "rev-list", "main")
        assert git(top, "rev-parse", "main") == git(host, "rev-parse", "main")
        until(lambda: engine.status("e")["versions"].keys() == {"1.0"}, 40)


def test_a_server_with_commits_of_its_own_says_what_brings_it_back(
    served: ServedRegistry, tmp_path: Path
) -> None:
    served.version("1.1", FAILING)
    host, top = followed(served, tmp_path)
    with serving(top, "--fetch", "1", "--canary") as engine:
        served.registry.start_canary("e", "1.1", policy=QUICK, push=True)
        until(lambda: "canary-decide" in git(top, "log", "-1", "--format=%B", "main"), 40)
        git(top, "commit", "-q", "--allow-empty", "-m", "of somebody who works here")
        mine = git(top, "rev-parse", "main")
        with load_on(engine, rate=200):
            rewrite(served)
            until(lambda: "(hint: git pull --rebase)" in (kept(engine)["waiting"] or ""), 60)
            until(lambda: "the rollback waits" in (kept(engine)["waiting"] or ""), 60)
            assert {engine.predict([[1]]).version for _ in range(40)} == {"1.0"}
            assert git(top, "rev-parse", "main") == mine
            git(top, "pull", "-q", "--rebase")
            git(top, "push", "-q")
            until(lambda: "canary-roll-back" in git(host, "log", "-1", "--format=%B", "main"), 90)
        assert "of somebody who works here" in git(host, "log", "--format=%s", "main")
