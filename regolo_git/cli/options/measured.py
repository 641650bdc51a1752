"""Metrics and parameters on the command line: `--metric`, and files of metrics and parameters."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from regolo_git.cli.options.assignments import metric_value, split_assignment
from regolo_git.cli.options.value_files import Tree, read_table
from regolo_git.errors import InvalidInput
from regolo_git.records.kinds import NAMES, is_number
from regolo_git.records.measurement import as_measurements, is_measurement
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.given_values import given_metrics
from regolo_git.text.printable import printable

NUMBERS = ("n", "stderr", "runs")
KEYS = (*NUMBERS, "on", "predictions")
NEXT_KEY = re.compile(rf",(?=(?:{'|'.join(KEYS)})=)")  # the name of a file may have a comma
MORE = f"after the number, with commas: {', '.join(f'{key}=' for key in KEYS)}"


def measured_values(handle: Handle, given: Iterable[str], file: Path | None) -> Mapping[str, object] | None:
    """The metrics of `--metric` and of a file, with the digests of the data; None if there are none.

    Raises InvalidInput, NotFound, MissingDependency.
    """
    values: dict[str, object] = dict(_flat(_read_metrics(file), "")) if file is not None else {}
    texts = tuple(given)
    for text in texts:
        name, value = _measurement(text)
        if name in values:
            raise InvalidInput(f"'{printable(name)}' is given twice", "leave one of them out")
        values[name] = value
    if file is None and not texts:
        return None
    try:
        metrics = given_metrics(handle, values, handle.notice)
        as_measurements(metrics)
    except TypeError as error:
        raise InvalidInput(str(error)) from error
    return metrics


def _measurement(text: str) -> tuple[str, object]:
    """The name and value of `accuracy=0.912,n=2000,on=test.csv`."""
    name, value = split_assignment("--metric", text)
    number, *parts = NEXT_KEY.split(value)
    if "," in number:
        raise InvalidInput(f"'{printable(number)}' of metric '{printable(name)}' is not a number", MORE)
    known: dict[str, object] = {"value": metric_value(name, number)}
    for part in parts:
        key, _, held = part.partition("=")
        if key in known:
            raise InvalidInput(
                f"'{key}' of metric '{printable(name)}' is given twice", "leave one of them out"
            )
        known[key] = metric_value(f"{name},{key}", held) if key in NUMBERS else held
    return name, known if parts else known["value"]


def _read_metrics(path: Path) -> Tree:
    table = read_table(path, "metrics", takes_yaml=True)
    performance = table.get("performance")
    # The `meta.json` of a spaCy pipeline has its metrics there, beside its labels and requirements.
    is_spacy = "spacy_version" in table and isinstance(performance, dict)
    return performance if is_spacy and isinstance(performance, dict) else table


def _flat(table: Mapping[str, object], prefix: str) -> Iterable[tuple[str, object]]:
    """Every metric of nested tables by dotted name.  Raises InvalidInput for what is not a number."""
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and not is_measurement(value):
            yield from _flat(value, f"{name}.")
        elif value is None or is_number(value) or isinstance(value, Mapping):
            yield name, value
        else:
            kind = NAMES.get(type(value), f"a {type(value).__name__}")
            raise InvalidInput(
                f"metric '{printable(name)}' is {kind}, not a number", "for other values: --metadata FILE"
            )
