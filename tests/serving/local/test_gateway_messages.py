"""What supervisor and gateway tell each other travels unchanged."""

import json
from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.records.routing import Routing
from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway_messages import GatewayReport, GatewayStart, table_message
from regolo_git.serving.metrics.counts import OK, Recorder
from regolo_git.serving.options import GatewayLimits
from regolo_git.serving.traffic.routing_table import Replica, Route, RoutingTable, WeightedVersion

VERSION = WeightedVersion("1.0", 1.0, True, (Replica("w", "/run/w/http.sock"),), "/v2/models/theirs")
TABLE = RoutingTable({"e": Route("e", "c" * 40, {"1.0": VERSION}, Routing(retry=5), "no worker")})


def travelled(message: dict[str, Json]) -> JsonReader:
    return JsonReader.parse(json.dumps(message), "a message")


@pytest.mark.parametrize("access", [Access("secret"), Access(None, ("localhost",), ("https://a.example",))])
def test_what_a_gateway_starts_with_travels_unchanged(access: Access) -> None:
    start = GatewayStart(TABLE, GatewayLimits(head_seconds=3, connections=7), access, Path("/run/admin.sock"))
    assert GatewayStart.read(travelled(start.to_json())) == start


def test_a_table_travels_in_its_message() -> None:
    assert RoutingTable.read(travelled(table_message(TABLE)).object("table")) == TABLE


def test_a_report_travels_unchanged() -> None:
    recorder = Recorder()
    recorder.record("e", "1.0", OK, 0.25)
    recorder.reject("overloaded")
    report = GatewayReport(recorder.take(), {("e", "1.0"): 3}, frozenset({"w"}), 12, is_done=True)
    found = GatewayReport.read(travelled(report.to_json()))
    assert (found.in_flight, found.using, found.connections, found.is_done) == (
        {("e", "1.0"): 3},
        {"w"},
        12,
        True,
    )
    assert found.counts.to_json() == report.counts.to_json()


def test_a_message_that_lacks_something_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidInput, match="lacks 'counts'"):
        GatewayReport.read(travelled({"in_flight": [], "using": [], "connections": 0, "is_done": False}))
