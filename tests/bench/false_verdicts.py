"""How often a verdict is wrong: counts "worse" among pairs of equal models, and among pairs of which one is worse.

    python tests/bench/false_verdicts.py [--pairs 20000] [--seed 1]

Each pair of models is drawn as counts of cases that both, one or none has right, and judged as `diff` and the
gates of a model card judge it.  Fails if more than 5 % of equal models are called worse, or if fewer of the worse
ones are found than the documentation says (less three standard errors of the sample).
"""

import argparse
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from regolo_git.records.gates import MetricGate
from regolo_git.records.measurement import Measurement
from regolo_git.records.model_card import MetricRule, ModelCard
from regolo_git.verdict.bootstrap import noise_of_differences
from regolo_git.verdict.gate_facts import Facts, Rules
from regolo_git.verdict.gates import judge
from regolo_git.verdict.metrics import MetricChange, compare_metrics
from regolo_git.verdict.noise import ALPHA, Noise, PairedShares

ACCURACY = 0.91
GATES = 9
RULE = MetricRule(direction="higher")
ERRORS = 3
SLOW = 20  # a bootstrap takes so many times longer, so there are as many fewer of them


@dataclass(frozen=True)
class Truth:
    """A test set of `n` cases, the share of them on which two models disagree, and how much b is worse."""

    n: int
    disagree: float
    drop: float = 0.0

    def __str__(self) -> str:
        models = f"{self.drop:g} worse" if self.drop else "equal"
        return f"{models}, {self.disagree * 100:g} % disagree"


@dataclass(frozen=True)
class Sample:
    """What was seen of one pair of models."""

    n: int
    right_a: int
    only_a: int
    only_b: int

    @property
    def drop(self) -> float:
        return (self.only_a - self.only_b) / self.n

    @property
    def noise(self) -> PairedShares:
        return PairedShares(self.n, self.only_a, self.only_b)

    @property
    def sides(self) -> tuple[Measurement, Measurement]:
        right_b = self.right_a - self.only_a + self.only_b
        return Measurement(self.right_a / self.n, n=self.n), Measurement(right_b / self.n, n=self.n)


def draw(truth: Truth, generator: random.Random) -> Sample:
    """A test set that is drawn at random."""
    only_a = binomial(truth.n, (truth.disagree + truth.drop) / 2, generator)
    share_b = (truth.disagree - truth.drop) / 2
    only_b = binomial(truth.n - only_a, share_b / (1 - (truth.disagree + truth.drop) / 2), generator)
    agreed = truth.n - only_a - only_b
    both = binomial(agreed, (ACCURACY - (truth.disagree + truth.drop) / 2) / (1 - truth.disagree), generator)
    return Sample(truth.n, both + only_a, only_a, only_b)


def binomial(n: int, share: float, generator: random.Random) -> int:
    """The number of successes, by the waiting times between them (or between failures, if they are rarer)."""
    if share > 1 / 2:
        return n - binomial(n, 1 - share, generator)
    count, position, scale = 0, 0, math.log1p(-share)
    while True:
        position += int(math.log(1 - generator.random()) / scale) + 1
        if position > n:
            return count
        count += 1


def verdict(sample: Sample, noise: Noise | None = None) -> MetricChange:
    """The verdict of `diff`, of predictions if their noise is given."""
    a, b = sample.sides
    return compare_metrics({"m": a}, {"m": b}, {"m": RULE}, {"m": noise} if noise else None)["m"]


WORSE: dict[str, Callable[[Sample], bool]] = {
    "any drop": lambda sample: sample.drop > 0,
    "> 0.01": lambda sample: sample.drop > 0.01 + 1e-12,
    "n: Newcombe": lambda sample: verdict(sample)["verdict"] == "worse",
    "predictions: McNemar": lambda sample: verdict(sample, sample.noise)["verdict"] == "worse",
}
EQUAL = [Truth(n, disagree) for n in (200, 1000, 10_000) for disagree in (0.04, 0.1)]
# What the documentation promises of them, by `n` and by predictions.
POWER = {Truth(1000, 0.06, 0.03): (0.84, 0.985), Truth(200, 0.06, 0.03): (0.10, 0.425)}


def row(truth: Truth, pairs: int, generator: random.Random) -> list[float]:
    """The share of pairs that each rule calls worse."""
    counts = [0] * len(WORSE)
    for _ in range(pairs):
        sample = draw(truth, generator)
        counts = [count + rule(sample) for count, rule in zip(counts, WORSE.values(), strict=True)]
    return [count / pairs for count in counts]


def gates_row(truth: Truth, pairs: int, generator: random.Random) -> tuple[float, float]:
    """The share of pairs of which one of nine gates fails, by `n` and by predictions."""
    names = [f"m{number}" for number in range(GATES)]
    card = ModelCard(metrics=dict.fromkeys(names, RULE), gates=dict.fromkeys(names, MetricGate(max_drop=0)))
    failed = [0, 0]
    for _ in range(pairs):
        samples = {name: draw(truth, generator) for name in names}
        before, after = (
            Facts("m", version, {name: sample.sides[side] for name, sample in samples.items()})
            for side, version in enumerate(("1.0", "1.1"))
        )
        for number, paired in enumerate((None, {name: sample.noise for name, sample in samples.items()})):
            results = judge(Rules(card), before, after, paired)
            failed[number] += any(result.state == "fail" for result in results)
    return failed[0] / pairs, failed[1] / pairs


def numbers_row(n: int, pairs: int, generator: random.Random) -> float:
    """The share of pairs of equal models whose mean loss is called worse, by the bootstrap."""
    found = 0
    for _ in range(pairs):
        differences = [generator.expovariate(4) - generator.expovariate(4) for _ in range(n)]
        found += noise_of_differences(differences).p_above() <= ALPHA
    return found / pairs


def slack(share: float, pairs: int) -> float:
    """Standard errors of a share that was counted in so many pairs."""
    return ERRORS * math.sqrt(share * (1 - share) / pairs)


def run(pairs: int, seed: int) -> Iterator[str]:
    """Prints the table, and yields the bounds that are broken."""
    generator = random.Random(seed)
    print(f"| n | truth | {' | '.join(WORSE)} |")
    print("| --: | --- |" + " --: |" * len(WORSE))
    for truth in [*EQUAL, *POWER]:
        shares = row(truth, pairs, generator)
        print(f"| {truth.n:,} | {truth} | {' | '.join(f'{share:.1%}' for share in shares)} |", flush=True)
        if truth.drop == 0 and max(shares[2:]) > ALPHA:
            yield f"{max(shares[2:]):.1%} of {truth.n} cases, {truth}, are called worse"
        for share, promised in zip(shares[2:], POWER.get(truth, (0.0, 0.0)), strict=True):
            if share < promised - slack(promised, pairs):
                yield f"only {share:.1%} of {truth.n} cases, {truth}, are called worse"
    for truth in EQUAL:
        both = gates_row(truth, max(1, pairs // GATES), generator)
        texts = " | ".join(f"{share:.1%}" for share in both)
        print(f"| {truth.n:,} | nine gates, {truth} | | | {texts} |", flush=True)
        if max(both) > ALPHA + slack(ALPHA, max(1, pairs // GATES)):
            yield f"{max(both):.1%} of nine gates, {truth.n} cases, {truth}, fail"
    for n in (50, 200):
        fewer = max(1, pairs // SLOW)
        share = numbers_row(n, fewer, generator)
        print(f"| {n:,} | equal, a loss of each case | | | | {share:.1%} (bootstrap) |", flush=True)
        if share > ALPHA + slack(ALPHA, fewer):
            yield f"{share:.1%} of losses of {n} cases are called worse"


def main() -> int:
    """Exits with 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    broken = list(run(given.pairs, given.seed))
    for line in broken:
        print(f"BROKEN: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
