"""Environments and endpoints from Python: each verb with what it returns."""

import pytest
from support.copies import Once
from support.git_program import git

import regolo_git as regolo
from regolo_git.api import Registry
from regolo_git.errors import NotFound, RegoloNotice


@pytest.fixture
def served(registry: Registry, once: Once) -> Registry:
    """Two versions of a model, and an endpoint `e` that sends everything to 1.0."""

    def build() -> None:
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two")
        registry.create_endpoint("e", "m", "1.0", message="the first")

    once(build)
    return registry


def test_a_promotion_is_returned_and_has_a_history(served: Registry) -> None:
    promotion = served.promote_model_version("m", "latest", "staging", 3, message="better")
    assert (promotion.version, promotion.environment, promotion.replicas) == ("1.1", "staging", 3)
    assert served.get_model_version("m", "staging").version == "1.1"
    (event,) = served.get_promotion_history("m")
    assert (event.environment, event.promotion) == ("staging", promotion)
    assert served.get_promotion_history("m", "production") == []


def test_a_proposed_promotion_is_not_in_force(served: Registry) -> None:
    served.promote_model_version("m", "1.1", "staging", propose=True)
    assert served.get_promotion_history("m") == []
    assert "operate/staging/m@1.1" in git(served.handle.paths.top, "branch", "--list", "operate/*")


def test_an_endpoint_is_made_listed_and_deleted(served: Registry) -> None:
    routing = regolo.Routing(sticky_header="x-user", timeout_seconds=2.5)
    made = served.create_endpoint("f", "m", "1.1", replicas=2, routing=routing)
    assert made == served.get_endpoint("f")
    assert (made.versions["1.1"].replicas, made.routing) == (2, routing)
    assert [endpoint.endpoint for endpoint in served.list_endpoints()] == ["e", "f"]
    served.delete_endpoint("f", message="not used")
    assert [event.action for event in served.get_endpoint_history("f")][-1] == "create-endpoint"
    with pytest.raises(NotFound):
        served.get_endpoint("f")


def test_traffic_is_split_and_goes_back(served: Registry) -> None:
    split = served.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10}, replicas={"1.0": 4})
    assert (split.traffic["1.1"], split.versions["1.0"].replicas) == (0.1, 4)
    assert served.rollback_endpoint("e").traffic == {"1.0": 1.0}
    assert served.rollback_endpoint("e", "1.1", message="after all").traffic["1.1"] == 1.0
    assert served.get_endpoint_history("e")[0].message.startswith("after all")


def test_a_version_that_a_rollback_cannot_take_is_noticed_where_it_was_called(served: Registry) -> None:
    served.update_endpoint_traffic("e", {"1.1": 100})
    served.create_model_version("m", model_data=b"three")
    served.update_endpoint_traffic("e", {"1.2": 100})
    served.retire_model_version("m", "1.1", reason="wrong data")
    with pytest.warns(RegoloNotice, match="'m@1.1' is retired") as notices:
        endpoint = served.rollback_endpoint("e")
    assert endpoint.traffic["1.0"] == 1.0
    assert [notice.filename for notice in notices] == [__file__]


def test_the_rates_of_an_endpoint_without_requests_are_none(served: Registry) -> None:
    metrics = served.get_endpoint_metrics("e", "1h")
    assert (metrics.window_seconds, metrics.source) == (3600, "none")
    assert metrics.version["1.0"]["error_rate"] is None
