"""`git regolo canary status`: shows a canary and its evidence."""

from typing import cast

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.options.endpoint import endpoint_argument
from regolo_git.cli.pages.canary import put_canary
from regolo_git.serving.canary.status import canary_status


@click.command()
@endpoint_argument()
@form_options
def status(endpoint: str, form: Form) -> None:
    """Show the canary of ENDPOINT: its share, its step, and the evidence against both bounds.

    The evidence is that of this machine, where git regolo serve --canary measures it.  The logarithm of the
    evidence grows while requests speak for "worse" or for "not worse"; at its bound it is enough.

    \b
    With --plain, one line for each metric and direction:
      candidate, metric, direction, log evidence, bound, requests and failures of
      the baseline, requests and failures of the candidate, verdict

    \b
    Examples:
      git regolo canary status reviews
      git regolo canary status reviews --json

    Exit status: 0 success, also if no canary runs; 3 no such endpoint; 5 its file is unreadable.
    """
    with open_handle() as handle:
        found = canary_status(handle, endpoint)
    measured = found.measured
    emit(
        form,
        document=lambda: cast(Json, found.to_dict()),
        fields=lambda: [
            (
                measured.candidate if measured else None,
                metric.name,
                metric.direction,
                metric.log_evidence,
                metric.bound,
                metric.baseline.requests,
                metric.baseline.failures,
                metric.candidate.requests,
                metric.candidate.failures,
                measured.verdict if measured else None,
            )
            for metric in (measured.metrics if measured else ())
        ],
        page=lambda: put_canary(found),
    )
