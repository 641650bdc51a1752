"""`git regolo canary`."""

import json
import os
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.registry.endpoints.canary import Said, roll_back_canary
from regolo_git.serving.canary.kept_evidence import write_evidence
from regolo_git.serving.local.runtime_directory import RuntimeDirectory


def test_a_canary_goes_on_as_it_is_told(regolo: Regolo, served: Path) -> None:
    started = regolo("canary", "start", "e", "m@1.1", "--steps", "10,50", "--bake", "5s", "-m", "try it")
    assert started.out == "1.0=90% 1.1=10%\n"
    assert "git regolo serve --canary" in started.err
    assert regolo("canary", "hold", "e").out == "1.0=90% 1.1=10%\n"
    assert "held already" in regolo("canary", "hold", "e", status=4).err
    page = regolo("canary", "status", "e").out
    assert "e  canary of m@1.1 at 10%, beside 1.0" in page
    assert "1 of 2 (10% 50%)" in page
    assert "nobody: git regolo serve --canary" in page
    assert "git regolo canary hold e --resume" in page
    assert regolo("canary", "hold", "e", "--resume").out == "1.0=90% 1.1=10%\n"
    assert regolo("canary", "promote", "e").out == "1.0=50% 1.1=50%\n"
    assert regolo("canary", "promote", "e").out == "1.1=100%\n"
    assert "no canary runs" in regolo("canary", "status", "e").out
    assert "no canary runs" in regolo("canary", "promote", "e", status=4).err


def test_an_aborted_canary_leaves_the_version_that_served(regolo: Regolo, served: Path) -> None:
    regolo("canary", "start", "e", "m@1.1")
    assert regolo("canary", "abort", "e", "-m", "too slow").out == "1.0=100%\n"
    assert "Regolo-Action: canary-abort" in git(served, "log", "-1", "--format=%B")
    regolo("canary", "start", "e", "m@1.1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--steps", "50,10"), "do not rise"),
        (("--steps", "a"), "is not a list of percentages"),
        (("--steps", "10,100"), "'steps' of a canary is not between 0 and 1"),
        (("--bake", "soon"), "is not a duration"),
        (("--latency-limit", "0"), "'limit_ms' of a canary"),
    ],
    ids=lambda value: "_".join(value).strip("-") if isinstance(value, tuple) else None,
)
def test_a_policy_that_cannot_be_followed_starts_nothing(
    regolo: Regolo, served: Path, options: tuple[str, ...], words: str
) -> None:
    before = git(served, "rev-parse", "HEAD")
    assert words in regolo("canary", "start", "e", "m@1.1", *options, status=2).err
    assert git(served, "rev-parse", "HEAD") == before


def test_the_step_is_told_by_the_share_where_the_steps_were_edited(regolo: Regolo, served: Path) -> None:
    regolo("canary", "start", "e", "m@1.1", "--steps", "10,50")
    regolo("canary", "promote", "e")
    file = served / "endpoints/e.toml"
    for steps, words, following in (
        ("[0.1]", "not a step any more (10%), next is 100%\n", 1.0),
        ("[0.2, 0.3, 0.5, 0.8]", "3 of 4 (20% 30% 50% 80%), since", 0.8),
        ("[0.6, 0.8]", "not a step any more (60% 80%), next is 60%\n", 0.6),
    ):
        lines = [
            f"steps = {steps}" if line.startswith("steps") else line for line in file.read_text().splitlines()
        ]
        file.write_text("\n".join(lines) + "\n")
        git(served, "commit", "-qam", "edit the steps")
        assert words in regolo("canary", "status", "e").out
        assert json.loads(regolo("canary", "status", "e", "--json").out)["next_share"] == following
    assert regolo("canary", "promote", "e").out == "1.0=40% 1.1=60%\n"


def evidence(candidate: str, step: int = 0) -> dict[str, object]:
    arms = {"baseline": {"requests": 900, "failures": 9}, "candidate": {"requests": 100, "failures": 8}}
    return {
        "candidate": candidate,
        "step": step,
        "verdict": {"kind": "hold", "reason": "the evidence is not enough"},
        "waiting": None,
        "metrics": [
            {
                "name": "error_rate",
                "limit_ms": None,
                "direction": "worse",
                "log_evidence": 2.3,
                "bound": 4.6,
                **arms,
            },
            {
                "name": "error_rate",
                "limit_ms": None,
                "direction": "not_worse",
                "log_evidence": -1.0,
                "bound": 3.0,
                **arms,
            },
        ],
    }


def test_the_evidence_of_this_machine_is_shown_and_recorded(regolo: Regolo, served: Path) -> None:
    regolo("canary", "start", "e", "m@1.1")
    path = RuntimeDirectory.of(served / ".git").canary("e")
    write_evidence(path, evidence("1.1"))  # type: ignore[arg-type]
    page = regolo("canary", "status", "e").out
    assert "hold: the evidence is not enough" in page
    assert "50% of what is needed" in page
    assert "nothing speaks for it" in page
    assert "8 (8.00%)" in page
    document = json.loads(regolo("canary", "status", "e", "--json").out)
    assert (document["candidate"], document["measured"]["metrics"][0]["log_evidence"]) == ("1.1", 2.3)
    line = regolo("canary", "status", "e", "--plain").lines[0]
    assert line == "1.1\terror_rate\tworse\t2.3\t4.6\t900\t9\t100\t8\thold"
    regolo("canary", "promote", "e")
    message = git(served, "log", "-1", "--format=%B")
    assert (
        "Regolo-Evidence: error_rate worse 2.3 of 4.6 (9/900 and 8/100); error_rate not worse -1" in message
    )
    # What was measured at the step before says nothing about this one.
    assert "none on this machine" in regolo("canary", "status", "e").out


def test_what_was_measured_long_ago_is_shown_as_that(regolo: Regolo, served: Path) -> None:
    regolo("canary", "start", "e", "m@1.1")
    path = RuntimeDirectory.of(served / ".git").canary("e")
    write_evidence(path, evidence("1.1"))  # type: ignore[arg-type]
    assert "nobody does now" not in regolo("canary", "status", "e").out
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert "ago; nobody does now: git regolo serve --canary" in regolo("canary", "status", "e").out
    when = json.loads(regolo("canary", "status", "e", "--json").out)["measured"]["when"]
    assert when == "2023-11-14T22:13:20Z"


def test_nobody_is_told_to_give_more_to_a_version_that_is_rolled_back(regolo: Regolo, served: Path) -> None:
    regolo("canary", "start", "e", "m@1.1")
    bad = {"verdict": {"kind": "roll_back", "reason": "it is worse"}, "waiting": "the rollback waits: no"}
    path = RuntimeDirectory.of(served / ".git").canary("e")
    write_evidence(path, {**evidence("1.1"), **bad})  # type: ignore[dict-item]
    page = regolo("canary", "status", "e").out
    assert "canary promote" not in page
    assert "the rollback waits: no; it is tried again" in page
    assert "git regolo canary abort e" in page


def test_how_the_last_canary_ended_is_what_the_branch_says(regolo: Regolo, served: Path) -> None:
    assert regolo("canary", "status", "e").out == "e  no canary runs\n"
    regolo("canary", "start", "e", "m@1.1")
    path = RuntimeDirectory.of(served / ".git").canary("e")
    good = {"kind": "promote", "reason": "not worse by error_rate"}
    write_evidence(path, {**evidence("1.1"), "verdict": good})  # type: ignore[dict-item]
    regolo("canary", "abort", "e", "-m", "not today")
    page = regolo("canary", "status", "e").out
    assert "of 1.1: aborted" in page
    assert "not today" in page
    assert "Ruled out" not in page
    regolo("canary", "start", "e", "m@1.1")
    with Registry.open(served) as opened:
        said = Said("away", "error_rate is worse: 4 %; error_rate worse 5 of 4.6")
        roll_back_canary(opened.handle, "e", said=said)
    page = regolo("canary", "status", "e").out
    assert "of 1.1: rolled back" in page
    assert "error_rate is worse: 4 %\n" in page
    assert "remove it from 'rejected' in endpoints/e.toml" in page


def test_evidence_that_cannot_be_read_is_none(regolo: Regolo, served: Path) -> None:
    regolo("canary", "start", "e", "m@1.1")
    path = RuntimeDirectory.of(served / ".git").canary("e")
    write_evidence(path, evidence("1.0"))  # type: ignore[arg-type]
    assert "none on this machine" in regolo("canary", "status", "e").out
    for text in ("", "{", '{"format": 2}', '{"format": 1}', "[" * 100_000):
        path.write_text(text)
        assert "none on this machine" in regolo("canary", "status", "e").out


def test_a_promotion_starts_the_canary_of_an_endpoint_that_follows(regolo: Regolo, served: Path) -> None:
    regolo("promote", "m@1.0", "production")
    regolo("endpoint", "create", "p", "m@1.0", "--environment", "production")
    regolo("canary", "start", "p", "m@1.1")
    regolo("canary", "abort", "p")
    tried = regolo("promote", "m@1.1", "production", "--dry-run")
    assert "would start canary of 'm@1.1' on p; 'production' stays at 1.0" in tried.err
    done = regolo("promote", "m@1.1", "production", "--json")
    assert json.loads(done.out)["canaries"] == ["p"]
    assert regolo("traffic", "p").out == "1.0=99% 1.1=1%\n"
    # A promotion while the canary runs ends it.
    regolo("promote", "m@1.1", "production")
    assert regolo("traffic", "p").out == "1.1=100%\n"


def test_only_a_server_that_decides_takes_over(regolo: Regolo, served: Path) -> None:
    for option in (("--take-over",), ("--canary-metrics", "http://127.0.0.1:9090")):
        assert "require --canary" in regolo("serve", *option, status=2).err
