"""The weights and replicas of a split, as they are typed."""

import pytest

from regolo_git.cli.options.endpoint import read_counts, read_weights
from regolo_git.errors import InvalidInput


def test_weights_are_shares_or_percents() -> None:
    assert read_weights(("1.0=90", "1.1=10%", "prod-1.0=0.5")) == {"1.0": 90, "1.1": 10, "prod-1.0": 0.5}


@pytest.mark.parametrize("pair", ["1.0", "=90", "1.0=", "1.0=many", "1.0=nan", "1.0=1=2"])
def test_an_invalid_weight_is_named(pair: str) -> None:
    with pytest.raises(InvalidInput, match=f"'{pair}' is not VERSION=WEIGHT") as refused:
        read_weights((pair,))
    assert refused.value.hint == "give the split as 1.0=90 1.1=10"


def test_counts_are_whole_numbers() -> None:
    assert read_counts(("1.0=9", "1.1=0")) == {"1.0": 9, "1.1": 0}


@pytest.mark.parametrize("pair", ["1.0", "=9", "1.0=", "1.0=-1", "1.0=1.5", "1.0=many"])
def test_an_invalid_count_is_named(pair: str) -> None:
    with pytest.raises(InvalidInput, match=f"'{pair}' is not VERSION=REPLICAS"):
        read_counts((pair,))


@pytest.mark.parametrize("read", [read_weights, read_counts])
def test_a_version_that_is_named_twice_is_refused(read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput, match=r"'1\.0=2' is not VERSION="):
        read(("1.0=1", "1.0=2"))
