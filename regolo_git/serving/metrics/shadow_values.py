"""What a shadow did with its copies, as callers see it; they count in none of the version's own numbers."""

from typing import TypedDict, cast

from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.metrics.counts import DROPPED, ShadowTally
from regolo_git.serving.metrics.latency import quantile


class ShadowMetrics(TypedDict):
    """A shadow over the window; a rate over nothing is None, latencies are seconds.

    `share` of the requests are to be copied to it.  `copies` reached it, `errors` of them failed or got no
    answer in time, and `dropped` ones it never got, because it was behind or had no worker.  `agreement` is
    the share of the `compared` answers that agree with the served one.
    """

    share: float
    copies: int
    errors: int
    client_errors: int
    dropped: int
    error_rate: float | None
    latency_p50: float | None
    latency_p95: float | None
    latency_p99: float | None
    compared: int
    agreement: float | None


def shadow_metrics(tally: ShadowTally | None, share: float) -> ShadowMetrics | None:
    """The metrics of a version that is a shadow, or was one; None if it is none and nothing was counted."""
    if tally is None and not share:
        return None
    held = tally or ShadowTally()
    counted, dropped = held.copies, held.copies.outcomes[DROPPED]
    p50, p95, p99 = (quantile(counted.bins, part, counted.longest) for part in (0.5, 0.95, 0.99))
    return shadow_values(
        share=share,
        copies=counted.requests - dropped,
        errors=counted.errors - dropped,
        client_errors=counted.client_errors,
        dropped=dropped,
        latencies=(p50, p95, p99),
        compared=held.compared,
        agreed=held.agreed,
    )


def shadow_values(
    *,
    share: float,
    copies: int,
    errors: int,
    client_errors: int,
    dropped: int,
    latencies: tuple[float | None, float | None, float | None],
    compared: int,
    agreed: int,
) -> ShadowMetrics:
    """Computes the rates from the counts of any source."""
    p50, p95, p99 = latencies
    return ShadowMetrics(
        share=share,
        copies=copies,
        errors=errors,
        client_errors=client_errors,
        dropped=dropped,
        error_rate=errors / copies if copies else None,
        latency_p50=p50,
        latency_p95=p95,
        latency_p99=p99,
        compared=compared,
        agreement=agreed / compared if compared else None,
    )


def with_share(held: ShadowMetrics | None, share: float) -> ShadowMetrics | None:
    """The same counts of a shadow with another share."""
    return ShadowMetrics({**held, "share": share}) if held is not None else shadow_metrics(None, share)


def shadow_json(held: ShadowMetrics | None) -> Json:
    """All values in JSON."""
    return cast(Json, dict(held)) if held is not None else None


def read_shadow_metrics(reader: JsonReader) -> ShadowMetrics | None:
    """Reads `shadow_json` of a version; snapshots of older releases have none.  Raises InvalidInput."""
    if reader.get_optional("shadow", dict) is None:
        return None
    held = reader.object("shadow")
    return ShadowMetrics(
        share=held.get("share", float),
        copies=held.get("copies", int),
        errors=held.get("errors", int),
        client_errors=held.get("client_errors", int),
        dropped=held.get("dropped", int),
        error_rate=held.get_optional("error_rate", float),
        latency_p50=held.get_optional("latency_p50", float),
        latency_p95=held.get_optional("latency_p95", float),
        latency_p99=held.get_optional("latency_p99", float),
        compared=held.get("compared", int),
        agreement=held.get_optional("agreement", float),
    )
