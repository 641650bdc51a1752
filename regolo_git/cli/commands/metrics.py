"""`git regolo metrics`: shows the measured traffic, errors and latency of an endpoint."""

import sys
import time
from datetime import timedelta
from typing import cast

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.options.endpoint import endpoint_argument, for_a_model
from regolo_git.cli.streams import clear_screen, is_terminal, put, talk, talk_next
from regolo_git.cli.tables import put_table
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.endpoint_metrics import MetricsSource, endpoint_metrics
from regolo_git.serving.metrics.notes import record
from regolo_git.serving.metrics.shadow_values import ShadowMetrics
from regolo_git.serving.metrics.values import EndpointMetrics, VersionMetrics
from regolo_git.text.numbers import MISSING, decimal_text, percent_text, share_text
from regolo_git.text.times import local_time, milliseconds_text, seconds_text

WATCH_SECONDS = 2.0
WHERE = {"none": "no server is running", "recorded": "(recorded)", "stopped": "(the server has stopped)"}
COUNTS = ("REQUESTS", "ERRORS", "ERROR RATE", "95% CI", "4XX", "ABANDONED")
TITLES = ("VERSION", "WEIGHT", "SHARE", *COUNTS, "P50", "P95", "P99", "RPS", "REPLICAS")
SHADOW_TITLES = (
    *("SHADOW", "SHARE", "COPIES", "DROPPED", "ERRORS", "ERROR RATE", "P50", "P95", "P99"),
    *("AGREEMENT", "COMPARED"),
)


@click.command()
@endpoint_argument()
@click.option(
    "--window", default="5m", metavar="TIME", help="The period to show: 30s, 5m, 2h, 1d.  [default: 5m]"
)
@click.option("--prometheus", metavar="URL", help="Read from a Prometheus server.")
@click.option("--recorded", is_flag=True, help="Show the last recorded snapshot.")
@click.option("--record", "keep", is_flag=True, help="Record a snapshot as a note on the versions' commits.")
@click.option("--watch", "-w", is_flag=True, help="Refresh every two seconds.")
@form_options
def metrics(
    endpoint: str,
    window: str,
    prometheus: str | None,
    recorded: bool,
    keep: bool,
    watch: bool,
    form: Form,
) -> None:
    """Show the measured requests, errors and latency of each version of ENDPOINT.

    Reads from the running gateway, otherwise what the last one counted before it stopped, otherwise the last
    recorded snapshot.  A rate without requests is
    shown as a hyphen.  4XX counts rejected requests, such as invalid input, and ABANDONED those whose caller
    hung up before the answer; neither are model errors.

    A shadow gets copies of requests, which count in its own table only.  DROPPED are those that it was too
    slow for; AGREEMENT is the share of the COMPARED answers that agree with the served one: the same JSON,
    where numbers with a fraction may differ by 0.1 %.

    \b
    With --plain, one line for each version; shares are 0 to 1, latencies seconds:
      version, weight, observed share, requests, errors, error rate, its 95 %
      interval (two fields), client errors (4xx), latency p50, p95, p99,
      requests/s, ready replicas, abandoned requests, shadow share, copies,
      dropped copies, errors of copies, compared answers, agreement

    \b
    Examples:
      git regolo metrics sentiment --watch
      git regolo metrics sentiment --window 1h --json
      git regolo metrics sentiment --prometheus http://localhost:9090
      git regolo metrics sentiment --record

    Exit status: 0 success; 2 invalid input, or nothing to record; 3 no such endpoint; 6 Prometheus is
    unreachable; 7 the gateway does not answer.
    """
    if watch and (form != "people" or not is_terminal(sys.stdout)):
        raise InvalidInput("--watch requires a terminal", Hint("metrics", endpoint))
    if watch and keep:
        raise InvalidInput(
            "--watch and --record cannot be used together", Hint("metrics", endpoint, "--record")
        )
    if recorded and (keep or prometheus is not None):
        raise InvalidInput("--recorded cannot be used with --record or --prometheus")
    source: MetricsSource = "recorded" if recorded else "auto"
    with open_handle() as handle:
        while True:
            with for_a_model(handle, endpoint, Hint("log", endpoint)):
                found = endpoint_metrics(
                    handle, endpoint, window=window, prometheus=prometheus, source=source
                )
            if watch:
                clear_screen()
            _emit(found, form)
            if not watch:
                break
            time.sleep(WATCH_SECONDS)
        if keep:
            _keep(handle, endpoint, found)


def _emit(found: EndpointMetrics, form: Form) -> None:
    emit(
        form,
        document=lambda: cast(Json, found.to_json()),
        fields=lambda: [_fields(name, held) for name, held in found.version.items()],
        page=lambda: _page(found),
        long=False,
    )


def _keep(handle: Handle, name: str, found: EndpointMetrics) -> None:
    record(handle, get_endpoint(handle, name), found)
    talk("recorded as a note on the versions' commits")
    talk_next(str(Hint("push")))


def _page(found: EndpointMetrics) -> None:
    where = WHERE.get(found.source, found.source)
    put(f"{found.endpoint}  last {seconds_text(found.window_seconds)} s{_when(found)}  {where}")
    put("")
    columns = [Column(title, right=title != "VERSION") for title in TITLES]
    put_table(columns, [_row(name, held) for name, held in found.version.items()])
    shadows = {name: held["shadow"] for name, held in found.version.items() if held["shadow"] is not None}
    if shadows:
        put("")
        columns = [Column(title, right=title != "SHADOW") for title in SHADOW_TITLES]
        put_table(columns, [_shadow_row(name, held) for name, held in shadows.items()])
    if found.source in ("none", "stopped"):
        talk_next(f"git regolo serve {found.endpoint}")


def _when(found: EndpointMetrics) -> str:
    if found.since is None or found.source not in ("recorded", "stopped"):
        return ""
    if found.source == "recorded":
        return f" since {local_time(found.since)}"
    return f" before {local_time(found.since + timedelta(seconds=found.window_seconds))}"


def _fields(name: str, held: VersionMetrics) -> list[object]:
    low, high = held["error_rate_ci"] or (None, None)
    return [
        name,
        decimal_text(held["weight"]),
        held["observed_share"],
        held["requests"],
        held["errors"],
        held["error_rate"],
        low,
        high,
        held["client_errors"],
        held["latency_p50"],
        held["latency_p95"],
        held["latency_p99"],
        held["rps"],
        held["replicas_ready"],
        held["abandoned"],
        *_shadow_fields(held["shadow"]),
    ]


def _shadow_fields(held: ShadowMetrics | None) -> list[object]:
    if held is None:
        return [None] * 6
    share = decimal_text(held["share"])
    counts = [held["copies"], held["dropped"], held["errors"], held["compared"]]
    return [share, *counts, held["agreement"]]


def _shadow_row(name: str, held: ShadowMetrics) -> list[str]:
    return [
        name,
        share_text(held["share"]),
        str(held["copies"]),
        str(held["dropped"]),
        str(held["errors"]),
        percent_text(held["error_rate"]),
        milliseconds_text(held["latency_p50"]),
        milliseconds_text(held["latency_p95"]),
        milliseconds_text(held["latency_p99"]),
        percent_text(held["agreement"]),
        str(held["compared"]),
    ]


def _row(name: str, held: VersionMetrics) -> list[str]:
    interval = held["error_rate_ci"]
    return [
        name,
        share_text(held["weight"]),
        percent_text(held["observed_share"]),
        str(held["requests"]),
        str(held["errors"]),
        percent_text(held["error_rate"]),
        "..".join(percent_text(end) for end in interval) if interval else MISSING,
        str(held["client_errors"]),
        str(held["abandoned"]),
        milliseconds_text(held["latency_p50"]),
        milliseconds_text(held["latency_p95"]),
        milliseconds_text(held["latency_p99"]),
        f"{held['rps']:.1f}" if held["rps"] is not None else MISSING,
        str(held["replicas_ready"]) if held["replicas_ready"] is not None else MISSING,
    ]
