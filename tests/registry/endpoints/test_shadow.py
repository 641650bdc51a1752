"""Shadows of an endpoint: set beside the split, pinned, and gone once they get traffic."""

from collections.abc import Mapping

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, PolicyRefused, RegoloError, RegoloNotice
from regolo_git.records.endpoint import Endpoint


@pytest.fixture
def served(registered: Registry) -> Registry:
    """Version 1.2 has other bytes, 1.3 those of 1.0; `e` serves 1.0."""
    registered.create_model_version("m", model_data=b"three")
    with pytest.warns(RegoloNotice, match="same content"):
        registered.create_model_version("m", model_data=b"one")
    registered.create_endpoint("e", "m", "1.0")
    return registered


def test_a_shadow_is_pinned_without_traffic(served: Registry) -> None:
    changed = served.update_endpoint_traffic("e", shadow={"1.1": 10})
    assert (changed.traffic, changed.shadow) == ({"1.0": 1.0, "1.1": 0.0}, {"1.1": 0.1})
    assert str(changed.versions["1.1"].digest) == served.get_model_version("m", "1.1").digest
    log = git(served.handle.paths.top, "log", "-1", "--format=%B")
    assert "traffic e: 1.0=100%, shadow 1.1=10%" in log
    assert "Regolo-Shadow: 1.1=10%" in log
    assert served.get_endpoint("e") == changed
    with pytest.raises(Conflict):
        served.update_endpoint_traffic("e", shadow={"1.1.0": 10})
    assert served.update_endpoint_traffic("e", shadow={}).traffic == {"1.0": 1.0}


def test_its_share_is_in_the_unit_of_the_split(served: Registry) -> None:
    assert served.update_endpoint_traffic("e", {"1.0": 1}, shadow={"1.1": 0.2}).shadow == {"1.1": 0.2}
    assert served.update_endpoint_traffic("e", {"1.0": 100}, shadow={"1.1": 0.2}).shadow == {"1.1": 0.002}


def test_a_shadow_stays_until_it_gets_traffic(served: Registry) -> None:
    served.update_endpoint_traffic("e", shadow={"1.1": 10})
    split = served.update_endpoint_traffic("e", {"1.0": 50, "1.2": 50})
    assert (split.traffic, split.shadow) == ({"1.0": 0.5, "1.2": 0.5, "1.1": 0.0}, {"1.1": 0.1})
    taken = served.update_endpoint_traffic("e", {"1.0": 50, "1.1": 50})
    assert (taken.traffic, taken.shadow) == ({"1.0": 0.5, "1.1": 0.5}, {})


def test_a_rollback_leaves_no_shadow(served: Registry) -> None:
    served.update_endpoint_traffic("e", {"1.2": 100}, shadow={"1.1": 10})
    assert served.rollback_endpoint("e").traffic == {"1.0": 1.0}


def test_a_new_shadow_ends_no_canary(served: Registry) -> None:
    served.start_canary("e", "1.2")
    changed = served.update_endpoint_traffic("e", shadow={"1.1": 10})
    assert changed.candidate is not None
    assert changed.shadow == {"1.1": 0.1}


def test_the_shadow_that_becomes_a_candidate_is_none_any_more(served: Registry) -> None:
    served.update_endpoint_traffic("e", shadow={"1.1": 10})
    served.start_canary("e", "1.1")
    assert served.get_endpoint("e").shadow == {}


def test_a_retired_version_becomes_no_shadow(served: Registry) -> None:
    served.retire_model_version("m", "1.1", reason="bad")
    with pytest.raises(PolicyRefused):
        served.update_endpoint_traffic("e", shadow={"1.1": 10})


@pytest.mark.parametrize(
    ("split", "shadow", "error"),
    [
        (None, {"1.1": 0}, InvalidInput),
        (None, {"1.1": 101}, InvalidInput),
        ({"1.0": 1}, {"1.1": 10}, InvalidInput),
        (None, {"1.1": float("nan")}, InvalidInput),
        (None, {"1.1": True}, InvalidInput),
        (None, {"1.1": 1, "1.1.0": 1}, InvalidInput),
        (None, {"1.0": 10}, InvalidInput),
        (None, {"1.3": 10}, InvalidInput),
        (None, {"x y": 10}, InvalidInput),
        (None, {"9.9": 10}, NotFound),
        (None, None, InvalidInput),
    ],
    ids=range(11),
)
def test_a_bad_shadow_changes_nothing(
    served: Registry,
    split: Mapping[str, float] | None,
    shadow: Mapping[str, float] | None,
    error: type[RegoloError],
) -> None:
    before = git(served.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(error):
        served.update_endpoint_traffic("e", split, shadow=shadow)
    assert git(served.handle.paths.top, "rev-parse", "HEAD") == before


def test_what_an_older_release_leaves_of_a_shadow_is_read(served: Registry) -> None:
    text = served.update_endpoint_traffic("e", shadow={"1.1": 10}).to_text()
    head, _, shadow = text.partition("[shadow]")
    only = served.update_endpoint_traffic("e", {"1.0": 1}, shadow={}).to_text()
    assert Endpoint.parse(f"{only}\n[shadow]{shadow}", "endpoints/e.toml").shadow == {}
    swapped = head.replace('"1.0" = 1.0', '"1.0" = 0.0').replace('"1.1" = 0.0', '"1.1" = 1.0')
    assert Endpoint.parse(f"{swapped}[shadow]{shadow}", "endpoints/e.toml").shadow == {}
