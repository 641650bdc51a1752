"""A split is set whole, in one commit, or not at all."""

from collections.abc import Mapping

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound, RegoloError


def test_a_split_is_the_whole_state(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0", replicas=2)
    split = registered.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10}, replicas={"1.1": 1})
    assert split.traffic == {"1.0": 0.9, "1.1": 0.1}
    assert [split.versions[v].replicas for v in ("1.0", "1.1")] == [2, 1]
    assert list(registered.update_endpoint_traffic("e", {"1.1": 1}).versions) == ["1.1"]


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ({"1.0": 0.9, "1.1": 0.2}, InvalidInput),
        ({"1.0": -0.5, "1.1": 1.5}, InvalidInput),
        ({"1.0": float("nan")}, InvalidInput),
        ({"1.0": float("inf")}, InvalidInput),
        ({"1.0": 10**400}, InvalidInput),
        ({"1.0": True}, InvalidInput),
        ({"1.0": "1"}, InvalidInput),
        ({1.0: 1}, InvalidInput),
        ({"1.0": 0.5, "1.0.0": 0.5}, InvalidInput),
        ({}, InvalidInput),
        ({"1.0": 0.5, "9.9": 0.5}, NotFound),
    ],
)
def test_a_bad_split_changes_nothing(
    registered: Registry, weights: Mapping[str, float], error: type[RegoloError]
) -> None:
    registered.create_endpoint("e", "m", "1.0")
    before = git(registered.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(error):
        registered.update_endpoint_traffic("e", weights)
    assert git(registered.handle.paths.top, "rev-parse", "HEAD") == before


@pytest.mark.parametrize(
    ("percents", "shares"),
    [
        ((33.3, 33.3, 33.4), (0.333, 0.333, 0.334)),
        ((1 / 3, 1 / 3, 1 / 3), (1 / 3, 1 / 3, 1 / 3)),
        ((-0.0, 99.9, 0.1), (0, 0.999, 0.001)),
    ],
)
def test_shares_are_written_as_people_divide(
    registered: Registry, percents: tuple[float, ...], shares: tuple[float, ...]
) -> None:
    registered.create_model_version("m", model_data=b"three")
    registered.create_endpoint("e", "m", "1.0")
    registered.update_endpoint_traffic("e", dict(zip(("1.0", "1.1", "1.2"), percents, strict=True)))
    written = (registered.handle.paths.top / "endpoints/e.toml").read_text()
    for version, share in zip(("1.0", "1.1", "1.2"), shares, strict=True):
        assert f'"{version}" = {float(share)!r}\n' in written


def test_what_is_unknown_of_a_pinned_version_stays_as_long_as_it_does(registered: Registry) -> None:
    top = registered.handle.paths.top
    registered.create_endpoint("e", "m", "1.0")
    path = top / "endpoints/e.toml"
    path.write_text(path.read_text().rstrip("\n") + '\nzone = "eu"\n')
    git(top, "commit", "-qam", "by a newer release")
    assert registered.get_endpoint("e").versions["1.0"].unknown == {"zone": "eu"}
    split = registered.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})
    assert [split.versions[v].unknown for v in ("1.0", "1.1")] == [{"zone": "eu"}, {}]
    assert registered.rollback_endpoint("e").versions["1.0"].unknown == {"zone": "eu"}
