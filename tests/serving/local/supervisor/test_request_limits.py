"""How long a request may still take, over tables that come and go."""

from regolo_git.serving.local.supervisor.request_limits import RequestLimits


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_longest_limit_is_that_of_one_endpoint_or_of_all() -> None:
    limits = RequestLimits(Clock())
    assert limits.longest() == 0
    limits.settle({"a": 30, "b": 120})
    assert (limits.longest(), limits.longest("a"), limits.longest("b"), limits.longest("c")) == (
        120,
        30,
        120,
        0,
    )


def test_a_limit_counts_from_before_any_gateway_uses_it() -> None:
    limits = RequestLimits(Clock())
    limits.settle({"a": 30})
    limits.offer({"a": 60})
    assert limits.longest("a") == 60
    limits.offer({"a": 10})
    assert limits.longest("a") == 60


def test_a_limit_that_was_shortened_or_dropped_counts_as_long_as_it_allows() -> None:
    clock = Clock()
    limits = RequestLimits(clock)
    limits.settle({"a": 120, "b": 60})
    clock.now = 1000
    limits.offer({"a": 5})
    limits.settle({"a": 5})
    assert (limits.longest("a"), limits.longest("b"), limits.longest()) == (120, 60, 120)
    clock.now += 60
    assert (limits.longest("a"), limits.longest("b"), limits.longest()) == (120, 0, 120)
    clock.now += 60
    limits.settle({"a": 5})
    assert limits.longest() == 5


def test_the_same_table_again_changes_nothing() -> None:
    clock = Clock()
    limits = RequestLimits(clock)
    for _ in range(3):
        limits.offer({"a": 30})
        limits.settle({"a": 30})
        clock.now += 1
    limits.settle({"a": 10})
    assert limits.longest() == 30
    clock.now += 30
    assert limits.longest() == 10
