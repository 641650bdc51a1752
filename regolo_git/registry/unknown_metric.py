"""The error for the name of a metric that no version has, wherever it was typed."""

from collections.abc import Collection, Iterable

from regolo_git.errors import NotFound
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Corrected, Hint
from regolo_git.registry.handle import Handle
from regolo_git.registry.manifest_values import OnSlow, read_values
from regolo_git.text.nearest import nearest, nearest_few
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import one_line

METRICS_NAMED = 5  # of a model that may have hundreds


def unknown_metric(model: str | None, metric: str, known: Iterable[str], command: str) -> NotFound:
    """The error, with the nearest names; `model` is None for all models."""
    every = sorted(known)
    named = nearest_few(metric, every, most=METRICS_NAMED) or every[:METRICS_NAMED]
    available = f" (known: {few_of(list(map(one_line, named)), len(every))})" if every else ""
    meant = nearest(metric, every)
    of_model = f" of '{model}'" if model is not None else ""
    text = f"no version{of_model} has a metric '{one_line(metric)}'{available}"
    if meant is None:
        return NotFound(text, Hint(command, *([model] if model is not None else [])))
    words = [meant] if command == "blame" else ["--metric", meant]
    return NotFound(text, Corrected(metric, meant, Hint(command, model or "MODEL", *words)))


def refuse_unknown_metrics(
    handle: Handle, model: str, rows: Collection[TagRow], metrics: Collection[str], on_slow: OnSlow
) -> None:
    """Raises NotFound for a metric that none of a model's versions has, in its manifest or measured later."""
    known = {name for entry in handle.records().evaluations(model).entries for name in entry.metrics}
    for _, sections in read_values(handle, [row.manifest_oid for row in rows], on_slow):
        known.update(sections["metrics"])
    for metric in metrics:
        if metric not in known:
            raise unknown_metric(model, metric, known, "list")
