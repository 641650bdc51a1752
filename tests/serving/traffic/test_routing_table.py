"""The table as a value: it travels unchanged, and finds a version by each of its names."""

from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.json_reader import JsonReader
from regolo_git.records.routing import Routing
from regolo_git.serving.traffic.routing_table import Replica, Route, RoutingTable, WeightedVersion

versions = st.sampled_from(["1.0", "1.1", "1.2", "2.0", "prod-1"])
weights = st.dictionaries(versions, st.floats(0, 1), min_size=1, max_size=4)


def route(shares: dict[str, float]) -> Route:
    replicas = (Replica("w-1", "/run/w-1/http.sock"),)
    versions = {name: WeightedVersion(name, share, True, replicas) for name, share in shares.items()}
    return Route("e", "c" * 40, versions, Routing(sticky_header="x-user"))


@given(weights)
def test_a_table_travels_unchanged(shares: dict[str, float]) -> None:
    table = RoutingTable({"e": route(shares)})
    assert RoutingTable.read(JsonReader.of(table.to_json(), "a table")) == table


def test_a_version_is_found_by_each_of_its_names() -> None:
    found = route({"1.1": 1.0, "1.10": 0.0})
    assert [found.find(name) for name in ("1.1", "1.1.0", "v1.1")] == [found.versions["1.1"]] * 3
    assert (found.find("1.10.0"), found.find("9.9"), found.find("\0")) == (found.versions["1.10"], None, None)
