"""How often a canary is rolled back for nothing, and how soon a bad one is: simulated requests, real decisions.

    python tests/bench/measure_canary.py [--runs 5000] [--found 300] [--picture FILE]

Every run draws requests of two versions block by block, and hands the counts to the decision that `git regolo
serve --canary` asks.  Exits with 1 if the upper end of the 95 % interval (Clopper-Pearson) of false rollbacks or
false promotions is above its level, or a bad version is found later than the documentation of the test says (more
than 20 % over the median).  With fewer than 2,000 runs an interval is too wide for that, so its lower end is
held.  The tables are those of `docs/guides/canary-decision.md`.
"""

import argparse
import math
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from regolo_git.records.canary import ERROR_RATE, LATENCY_OVER, CanaryMetric, CanaryPolicy
from regolo_git.serving.canary.decision import Arm, Block, Decision
from regolo_git.verdict.distributions import beta_cdf

BLOCKS = 300
LEVELS = (0.05, 0.01)
ENOUGH = 2000
SLACK = 1.2
Draw = Callable[[np.random.Generator], Iterator[Block]]


def policy(*, margin: float = 0.0, promote_margin: float = 0.01, metrics: int = 1) -> CanaryPolicy:
    errors = CanaryMetric(ERROR_RATE, margin, promote_margin)
    slow = CanaryMetric(LATENCY_OVER, margin, promote_margin, limit_ms=250.0)
    return CanaryPolicy(bake_seconds=1.0, min_requests=1, metrics=(errors, slow)[:metrics])


# -- requests ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Traffic:
    """Requests of two versions: how many a block has, the candidate's share, and both failure rates.

    Each is a function of the time, which goes from 0 to 1.
    """

    baseline: Callable[[float], float]
    candidate: Callable[[float], float]
    share: Callable[[float], float] = lambda time: 0.1
    requests: Callable[[float], float] = lambda time: 1000
    metrics: int = 1
    blocks: int = BLOCKS

    def __call__(self, generator: np.random.Generator) -> Iterator[Block]:
        times = [number / BLOCKS for number in range(self.blocks)]
        count, share = (np.array([[one(time)] for time in times]) for one in (self.requests, self.share))
        sizes = generator.poisson(np.hstack((count * (1 - share), count * share)))
        rates = np.array([[self.baseline(time), self.candidate(time)] for time in times])
        bad = generator.binomial(sizes[..., None], np.repeat(rates[..., None], self.metrics, axis=-1))
        for (na, nb), (ya, yb) in zip(sizes.tolist(), bad.tolist(), strict=True):
            yield Block(Arm(na, tuple(ya)), Arm(nb, tuple(yb)), 10.0)


@dataclass(frozen=True)
class Sticky:
    """Callers who stay with their version, and whose requests fail together.

    In a block a tenth of them has requests, five on average; a caller in trouble fails with all of them, and
    stays in trouble for the next block with the chance `stays`.  Each is counted once, unless `by_request`.
    """

    callers: int = 2000
    share: float = 0.1
    trouble: float = 0.01
    stays: float = 0.0
    by_request: bool = False

    def __call__(self, generator: np.random.Generator) -> Iterator[Block]:
        shape = BLOCKS, self.callers
        requests = generator.geometric(0.2, shape) * (generator.random(shape) < 0.1)
        counted = requests if self.by_request else (requests > 0).astype(int)
        counts = counted, counted * self._failing(generator, shape)
        candidate = generator.random(self.callers) < self.share
        arms = [[count[:, arm].sum(axis=1).tolist() for count in counts] for arm in (~candidate, candidate)]
        for na, ya, nb, yb in zip(*arms[0], *arms[1], strict=True):
            yield Block(Arm(na, (ya,)), Arm(nb, (yb,)), 10.0)

    def _failing(self, generator: np.random.Generator, shape: tuple[int, int]) -> "np.ndarray[Any, Any]":
        """Whether each caller is in trouble, block by block."""
        chance = generator.random(shape)
        if not self.stays:
            return chance < self.trouble
        failing, enters = chance < self.trouble, self.trouble * (1 - self.stays) / (1 - self.trouble)
        for before, now, drawn in zip(failing, failing[1:], chance[1:], strict=False):
            now[:] = np.where(before, drawn < self.stays, drawn < enters)
        return failing


def ramp(time: float) -> float:
    return (0.01, 0.1, 0.5)[min(2, int(3 * time))]


def wave(low: float, high: float) -> Callable[[float], float]:
    return lambda time: low + (high - low) * (1 - math.cos(2 * math.pi * time)) / 2


def always(rate: float) -> Callable[[float], float]:
    return lambda time: rate


def drift(time: float) -> float:
    return 0.005 + 0.025 * time


def outage(time: float) -> float:
    return 0.6 if 0.5 <= time < 0.5 + 5 / BLOCKS else 0.01


def same(rate: Callable[[float], float], **more: object) -> Traffic:
    return replace(Traffic(rate, rate), **more)


# What must not be rolled back: name, requests, policy.
EQUAL: dict[str, tuple[Draw, CanaryPolicy]] = {
    "constant 1 %, share 10 %": (same(always(0.01)), policy()),
    "constant 1 %, ramp 1, 10, 50 %": (same(always(0.01), share=ramp), policy()),
    "0.5 to 3 % for both during the ramp": (same(drift, share=ramp), policy()),
    "outage of five blocks for both": (same(outage, share=ramp), policy()),
    "a daily wave of traffic and errors": (
        same(wave(0.005, 0.03), share=ramp, requests=wave(200, 2000)),
        policy(),
    ),
    "sticky callers whose errors come together": (Sticky(), policy()),
    "two metrics": (same(always(0.02), share=ramp, metrics=2), policy(metrics=2)),
    "0.5 points worse, margin 0.5 points": (
        Traffic(always(0.01), always(0.015), ramp),
        policy(margin=0.005),
    ),
}
# What the guide warns of: here the level does not hold.
OUTSIDE: dict[str, tuple[Draw, CanaryPolicy]] = {
    "sticky callers, counted by request": (Sticky(by_request=True), policy()),
    "sticky callers in trouble for 5 blocks on average": (Sticky(stays=0.8), policy()),
    "sticky callers in trouble forever": (Sticky(stays=1.0), policy()),
}
# What must not be promoted: worse by the margin of the promotion, and by more.
WORSE: dict[str, tuple[Draw, CanaryPolicy]] = {
    "1 point worse, margin 1 point": (Traffic(always(0.01), always(0.02)), policy()),
    "2 points worse, margin 1 point": (Traffic(always(0.01), always(0.03)), policy()),
    "1 point worse, during the ramp": (Traffic(always(0.01), always(0.02), ramp), policy()),
}


@dataclass(frozen=True)
class Found:
    """A verdict that is to come: requests of the candidate until it does, at most 20 % over `listed`.

    The first `good` ones are as good as the baseline's, and are not counted; nothing is listed then.
    """

    draw: Draw
    policy: CanaryPolicy
    promotes: bool
    listed: int | None
    good: int = 0


def little(baseline: float, candidate: float) -> Traffic:
    return Traffic(always(baseline), always(candidate), requests=always(200), blocks=1500)


def late(baseline: float, candidate: float, good: int) -> Found:
    change = good / 20 / BLOCKS
    traffic = little(baseline, candidate)
    turns = replace(traffic, candidate=lambda time: baseline if time < change else candidate)
    return Found(turns, policy(), False, None, good)


FOUND: dict[str, Found] = {
    "1 % to 5 %": Found(little(0.01, 0.05), policy(), False, 200),
    "1 % to 3 %": Found(little(0.01, 0.03), policy(), False, 400),
    "1 % to 2 %": Found(little(0.01, 0.02), policy(), False, 1250),
    "5 % to 15 % (slow requests)": Found(little(0.05, 0.15), policy(), False, 81),
    "1 % to 3 %, margin 0.5 points": Found(little(0.01, 0.03), policy(margin=0.005), False, 716),
    "equal at 1 %, margin 1 point": Found(little(0.01, 0.01), policy(), True, 1125),
    "equal at 1 %, margin 2 points": Found(little(0.01, 0.01), policy(promote_margin=0.02), True, 416),
    "equal at 0.1 %, margin 1 point": Found(little(0.001, 0.001), policy(), True, 437),
    "1 % to 5 % after 1,000 good requests": late(0.01, 0.05, 1000),
    "1 % to 5 % after 10,000 good requests": late(0.01, 0.05, 10000),
}


# -- decisions --------------------------------------------------------------------------------------------


def at(found: CanaryPolicy, level: float) -> CanaryPolicy:
    return replace(found, rollback_level=level, promote_level=level)


def strongest(draw: Draw, found: CanaryPolicy, seed: tuple[int, ...], *, promotes: bool) -> float:
    """The least level at which a run would have had the verdict at some block, whenever somebody looked."""
    decision, peak = Decision.of(found), 0.0
    tests = decision.not_worse if promotes else decision.worse
    for baseline, candidate, _ in draw(np.random.default_rng(seed)):
        for test, *bad in zip(tests, baseline.failures, candidate.failures, strict=True):
            test.observe(baseline.requests, bad[0], candidate.requests, bad[1])
        evidence = [test.log_evidence for test in tests]
        peak = max(peak, min(evidence) if promotes else max(evidence) - math.log(len(tests)))
    return math.exp(-peak)


def requests_until(found: Found, level: float, seed: tuple[int, ...]) -> float:
    """The candidate's requests when the verdict came; infinite if it did not."""
    decision, wanted, seen = Decision.of(at(found.policy, level)), ("roll_back", "promote")[found.promotes], 0
    for number, block in enumerate(found.draw(np.random.default_rng(seed)), 1):
        decision.observe(block)
        seen += block.candidate.requests
        if decision.verdict(10.0 * number).kind == wanted:
            return seen - found.good
    return math.inf


def interval(count: int, runs: int) -> tuple[float, float]:
    """The 95 % interval of a share (Clopper-Pearson)."""

    def solve(tail: Callable[[float], float]) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if tail(middle) < 0.025 else (low, middle)
        return low

    low = solve(lambda p: beta_cdf(p, count, runs - count + 1)) if count else 0.0
    high = 1 - solve(lambda q: beta_cdf(q, runs - count, count + 1)) if count < runs else 1.0
    return low, high


# -- tables -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    cells: tuple[str, ...]
    holds: bool


def wrong_row(name: str, runs: int, seed: int, *, promotes: bool = False, promised: bool = True) -> Row:
    draw, found = (WORSE if promotes else EQUAL if promised else OUTSIDE)[name]
    levels = [strongest(draw, found, (seed, run), promotes=promotes) for run in range(runs)]
    cells, holds = [name], True
    for level in LEVELS:
        count = sum(one <= level for one in levels)
        low, high = interval(count, runs)
        holds &= not promised or (high if runs >= ENOUGH else low) <= level
        cells.append(f"{100 * count / runs:.2f} % (up to {100 * high:.2f})")
    return Row(tuple(cells), holds)


def found_row(name: str, runs: int, seed: int) -> Row:
    found, cells, holds = FOUND[name], [name], True
    for level in LEVELS:
        requests = [requests_until(found, level, (seed, run)) for run in range(runs)]
        middle = median(requests)
        cells.append(f"{middle:.0f}" if middle < math.inf else "not found")
        if level == LEVELS[0] and found.listed is not None:
            # Of fewer runs a median is known less well.
            holds = middle <= (SLACK if runs >= 300 else 1.6) * found.listed
    return Row((*cells, str(found.listed or "")), holds)


def table(head: tuple[str, ...], rows: list[Row]) -> str:
    lines = [head, ("---",) * len(head), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


HEADS = (
    ("both versions equal: rolled back", "at level 5 %", "at level 1 %"),
    ("outside what is promised: rolled back", "at level 5 %", "at level 1 %"),
    ("a worse version: promoted", "at level 5 %", "at level 1 %"),
    ("requests of the candidate until the verdict", "at level 5 %", "at level 1 %", "expected at 5 %"),
)


def measure(runs: int, found: int, seed: int) -> bool:
    with ProcessPoolExecutor() as pool:
        tasks = [
            [pool.submit(wrong_row, name, runs, seed) for name in EQUAL],
            [pool.submit(wrong_row, name, found, seed, promised=False) for name in OUTSIDE],
            [pool.submit(wrong_row, name, runs, seed, promotes=True) for name in WORSE],
            [pool.submit(found_row, name, found, seed) for name in FOUND],
        ]
        holds = True
        for head, rows in zip(HEADS, tasks, strict=True):
            done = [row.result() for row in rows]
            print(table(head, done), end="\n\n", flush=True)
            for row in done:
                if not row.holds:
                    print(f"MISSED: {row.cells[0]}\n")
            holds &= all(row.holds for row in done)
    return holds


# -- the picture ------------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 360, 48, 40, 130, 84
LOW, HIGH, SHOWN, SEED = -4.0, 8.0, 120, 8
LINES = (  # legend, rate of the candidate, direction, class
    ("a version that is 2 points worse: is it worse?", 0.03, "worse", "bad"),
    ("an equal version: is it worse?", 0.01, "worse", "equal"),
    ("an equal version: is it not worse (by 1 point)?", 0.01, "not_worse", "good"),
)
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .axis { stroke: #8c959f } .bound { stroke: #8c959f; stroke-dasharray: 5 4 }
  .line { fill: none; stroke-width: 2 }
  .bad { stroke: #cf222e } .equal { stroke: #57606a } .good { stroke: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .bad { stroke: #ff7b72 } .equal { stroke: #9da7b3 } .good { stroke: #79c0ff }
  }
"""


def picture() -> str:
    """Evidence over time against its bounds, as SVG: one run each, from a fixed seed."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' aria-label="Evidence over time. Of a version that is 2 points worse, the evidence against it crosses'
        " the bound of the rollback; of an equal one it stays far below, and the evidence that it is not worse"
        ' crosses the bound of the promotion.">',
        f"<style>{STYLE}</style>",
        f'<text x="{LEFT}" y="20">evidence (natural logarithm) after each block of 200 requests</text>',
    ]
    for bound, name in ((math.log(1 / 0.01), "roll back (1 %)"), (math.log(1 / 0.05), "promote (5 %)")):
        x, y = _place(SHOWN, bound)
        parts.append(f'<line class="bound" x1="{LEFT}" x2="{x:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{x + 6:.1f}" y="{y + 4:.1f}">{name}</text>')
    x, y = _place(SHOWN, 0)
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{x:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
    parts += [
        f'<text x="{LEFT - 8}" y="{_place(0, mark)[1] + 4:.1f}" text-anchor="end">{mark}</text>'
        for mark in (-4, -2, 0, 2, 4, 6, 8)
    ]
    below = HEIGHT - BOTTOM + 18
    parts.append(f'<text x="{LEFT}" y="{below}">0</text>')
    parts.append(f'<text x="{x:.1f}" y="{below}" text-anchor="end">{SHOWN} blocks</text>')
    for number, line in enumerate(LINES):
        parts += _line(*line, below + 18 * (number + 1))
    return "\n".join([*parts, "</svg>", ""])


def _place(block: int, evidence: float) -> tuple[float, float]:
    across, up = (WIDTH - LEFT - RIGHT) / SHOWN, (HEIGHT - TOP - BOTTOM) / (HIGH - LOW)
    return LEFT + across * block, HEIGHT - BOTTOM - up * (min(max(evidence, LOW), HIGH) - LOW)


def _line(legend: str, rate: float, direction: str, kind: str, y: int) -> list[str]:
    decision, points = Decision.of(policy()), [_place(0, 0.0)]
    generator = random.Random(SEED)
    for number in range(1, SHOWN + 1):
        na, nb = 180, 20
        bad = [sum(generator.random() < one for _ in range(n)) for n, one in ((na, 0.01), (nb, rate))]
        decision.observe(Block(Arm(na, (bad[0],)), Arm(nb, (bad[1],)), 10.0))
        test = (decision.worse if direction == "worse" else decision.not_worse)[0]
        points.append(_place(number, test.log_evidence))
        if test.log_evidence > HIGH:
            break
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return [
        f'<polyline class="line {kind}" points="{drawn}"/>',
        f'<line class="line {kind}" x1="{LEFT}" x2="{LEFT + 24}" y1="{y - 4}" y2="{y - 4}"/>',
        f'<text x="{LEFT + 32}" y="{y}">{legend}</text>',
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5000, help="of each scenario")
    parser.add_argument("--found", type=int, default=300, help="runs of each version that is to be found")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", type=Path, help="draw the picture into this file, and nothing else")
    arguments = parser.parse_args()
    if arguments.picture is not None:
        arguments.picture.write_text(picture())
        return 0
    return 0 if measure(arguments.runs, arguments.found, arguments.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
