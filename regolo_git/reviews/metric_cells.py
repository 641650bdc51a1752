"""The cells of a metric that two versions have, in a comparison, a history or a review."""

from collections.abc import Mapping

from regolo_git.reviews.page import Cell
from regolo_git.text.numbers import counted, half_width_text, signed_number_text, signed_percent_text
from regolo_git.verdict.metrics import MetricChange, MetricVerdict

# With a symbol, to be readable without colour.
VERDICTS: Mapping[MetricVerdict, Cell] = {
    "better": Cell("▲ better", "better"),
    "worse": Cell("▼ worse", "worse"),
    "same": Cell("same", "same"),
    "within noise": Cell("within noise", "same"),
    "not comparable": Cell("not comparable", "unclear"),
    "not measured": Cell("not measured", "unclear"),
}


def metric_name(name: str, change: MetricChange) -> str:
    """A metric with its unit: `latency (ms)`."""
    return f"{name} ({change['unit']})" if change["unit"] else name


def difference_texts(change: MetricChange) -> tuple[str, str]:
    """The difference with its noise, and the relative change; empty if there is none."""
    difference = signed_number_text(change["diff"] or None)
    if change["interval"] is not None:
        difference = f"{difference or '0'} {half_width_text(*change['interval'])}"
    return difference, signed_percent_text(change["relative"] or None)


def measured_text(change: MetricChange) -> str:
    """The cases or runs that the noise was computed of, or why it was not: `paired, n 2,000`."""
    if change["pairs"] is not None:
        return f"paired, n {change['pairs']:,}"
    parts = []
    if change["n"] is not None:
        parts.append("n " + " and ".join(f"{n:,}" for n in dict.fromkeys(change["n"])))
    elif change["runs"] is not None:
        runs = [count for count in dict.fromkeys(change["runs"]) if count is not None]
        parts.append(" and ".join(counted(count, "run") for count in runs))
    elif change["method"] is not None:
        parts.append("standard error")
    return ", ".join([*parts, *([change["reason"]] if change["reason"] else [])])


def verdict_cell(change: MetricChange) -> Cell:
    """The verdict as a cell; a direction that is guessed is a question, in no colour."""
    verdict = change["verdict"]
    if verdict in ("higher", "lower", "changed") and change["guess"] and change["diff"]:
        better = (change["diff"] > 0) == (change["direction"] == "higher")
        return Cell(f"{verdict} ({'better' if better else 'worse'}?)")
    return VERDICTS.get(verdict) or Cell(verdict)
