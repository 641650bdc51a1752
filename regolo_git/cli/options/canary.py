"""Options that change the policy of a canary."""

from dataclasses import replace
from typing import Any, NamedTuple

import click

from regolo_git.cli.options.one_value import one_value
from regolo_git.errors import InvalidInput
from regolo_git.records.canary import LATENCY_OVER, CanaryMetric, CanaryPolicy
from regolo_git.text.times import parse_duration


class PolicyChanges(NamedTuple):
    """What the command line says of the policy; None leaves it as it is."""

    steps: tuple[float, ...] | None
    bake_seconds: float | None
    min_requests: int | None
    max_seconds: float | None
    promote: bool | None
    limit_ms: float | None

    def applied(self, policy: CanaryPolicy) -> CanaryPolicy:
        """The policy with the changes.  Raises InvalidInput for values that make no policy."""
        given: dict[str, Any] = {
            name: value for name, value in self._asdict().items() if name != "limit_ms" and value is not None
        }
        if self.limit_ms is not None:
            others = tuple(metric for metric in policy.metrics if metric.name != LATENCY_OVER)
            latency = next((metric for metric in policy.metrics if metric.name == LATENCY_OVER), None)
            limited = (
                replace(latency, limit_ms=self.limit_ms)
                if latency is not None
                else CanaryMetric(LATENCY_OVER, margin=0.01, promote_margin=0.02, limit_ms=self.limit_ms)
            )
            given["metrics"] = (*others, limited)
        return replace(policy, **given) if given else policy


def _to_steps(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        return tuple(float(part.strip().removesuffix("%")) / 100 for part in value.split(","))
    except ValueError as error:
        raise InvalidInput(f"'{value}' is not a list of percentages", "give the steps as 1,10,50") from error


def _to_seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    seconds = parse_duration(value) if value is not None else None
    if value is not None and seconds is None:
        raise InvalidInput(f"'{value}' is not a duration", "write 30s, 5m, 2h or 1d")
    return seconds


policy_options = one_value(
    "changes",
    PolicyChanges,
    click.option(
        "--steps", callback=_to_steps, metavar="PERCENTS", help="The shares of the new version: 1,10,50."
    ),
    click.option(
        "--bake",
        "bake_seconds",
        callback=_to_seconds,
        metavar="TIME",
        help="Watch each share this long: 10m.",
    ),
    click.option("--min-requests", type=int, metavar="N", help="Requests of the new version for each share."),
    click.option(
        "--max-duration",
        "max_seconds",
        callback=_to_seconds,
        metavar="TIME",
        help="After this long at one share, only hold: 24h.",
    ),
    click.option(
        "--automatic/--manual",
        "promote",
        default=None,
        help="Take the next share without a person, or wait for canary promote.",
    ),
    click.option(
        "--latency-limit",
        "limit_ms",
        type=float,
        metavar="MS",
        help="Compare the share of requests slower than this, too.",
    ),
)
