"""`git regolo evaluate`: records what was measured of a version later."""

from pathlib import Path

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import reference_argument
from regolo_git.cli.options.assignments import split_assignment
from regolo_git.cli.options.change import (
    message_option,
    propose_option,
    push_option,
    refuse_to_push_a_proposal,
    talk_of_commit,
)
from regolo_git.cli.options.measured import measured_values
from regolo_git.cli.options.version import FILE
from regolo_git.cli.options.when_asked import when_asked
from regolo_git.cli.streams import talk
from regolo_git.errors import InvalidInput
from regolo_git.records.references import Reference
from regolo_git.registry.versions.evaluate import Evaluated
from regolo_git.registry.versions.evaluate import evaluate as record
from regolo_git.text.numbers import number_text
from regolo_git.text.printable import one_line, printable


@click.command()
@reference_argument("MODEL@V")
@click.option(
    "--metric",
    "metrics",
    metavar="NAME=NUMBER",
    multiple=True,
    shell_complete=when_asked("completion", "complete_metric_values"),
    help="A metric, such as accuracy=0.92 or accuracy=0.92,n=2000,on=test.csv.",
)
@click.option(
    "--metrics",
    "metrics_file",
    metavar="FILE",
    type=FILE,
    help="A JSON, YAML or TOML file with metrics; - is standard input.",
)
@click.option("--label", "labels", metavar="NAME=TEXT", multiple=True, help="A label, such as suite=holdout.")
@propose_option
@push_option
@message_option
@json_option
def evaluate(
    reference: Reference,
    metrics: tuple[str, ...],
    metrics_file: Path | None,
    labels: tuple[str, ...],
    propose: bool,
    push: bool | None,
    message: str | None,
    as_json: bool,
) -> None:
    """Record what was measured of MODEL@V after it was created, with a commit; its manifest stays as it is.

    Of several measurements of one metric the newest counts, for gates, comparisons and lists, which say that
    it was measured later.  Prints the version's reference.

    \b
    Examples:
      git regolo evaluate sentiment@1.1 --metric fairness_gap=0.03,n=5000
      git regolo evaluate sentiment@1.1 --metrics drift.json --label month=5

    Exit status: 0 success; 2 invalid input; 3 no such version or file; 4 the registry's files have
    uncommitted changes, or with --push something else was not pushed; 5 the manifest or the evaluations
    cannot be read; 6 the remote cannot be reached or refuses; 9 a library for YAML is missing.
    """
    refuse_to_push_a_proposal(propose, push)
    with open_handle() as handle:
        done = record(
            handle,
            reference,
            measured_values(handle, metrics, metrics_file) or {},
            labels=_labels(labels),
            message=message,
            propose=propose,
            push=push,
        )
    _report(done, propose)
    document: dict[str, Json] = {
        "model": done.version.model_id,
        "version": done.version.version,
        "digest": done.version.digest,
        "when": done.evaluation.when,
        "who": done.evaluation.who,
        "metrics": {name: dict(measured.to_dict()) for name, measured in done.evaluation.metrics.items()},
        "labels": dict(done.evaluation.labels),
        "commit": done.commit,
        "branch": done.branch,
        "pushed_to": done.pushed_to,
    }
    put_result(done.version.reference, document, as_json=as_json)


def _labels(given: tuple[str, ...]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for text in given:
        name, value = split_assignment("--label", text)
        if name in labels:
            raise InvalidInput(f"'{printable(name)}' is given twice", "leave one of them out")
        labels[name] = value
    return labels


def _report(done: Evaluated, proposed: bool) -> None:
    talk(f"{'proposed an evaluation of' if proposed else 'evaluated'} {done.version.reference}")
    metrics = {one_line(name): measured.value for name, measured in done.evaluation.metrics.items()}
    width = max(map(len, metrics), default=0)
    for name, value in metrics.items():
        talk(f"  {name:<{width}}  {number_text(value)}")
    talk_of_commit(done.commit, done.branch, done.pushed_to, proposed=proposed)
