"""Predictions compared case by case."""

import json
import random
import tracemalloc
from collections.abc import Iterable

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.verdict import pairs
from regolo_git.verdict.noise import Noise, PairedShares
from regolo_git.verdict.pairs import Predictions, pair_predictions


def lines(rows: Iterable[object]) -> list[bytes]:
    """Each row as JSON on a line."""
    return [json.dumps(row).encode() + b"\n" for row in rows]


def file_of(values: Iterable[float | bool], name: str = "eval.jsonl") -> Predictions:
    """A file with one value `m` for each of the ids 0, 1, …"""
    return Predictions(name, lines({"id": number, "m": value} for number, value in enumerate(values)))


def paired(a: Predictions, b: Predictions, value_a: float, value_b: float) -> Noise:
    return pair_predictions(a, b, {"m": (value_a, value_b)})["m"]


def test_right_and_wrong_are_counted() -> None:
    a, b = file_of([1, 1, 0, 0, 1, 1]), file_of([True, False, True, True, 1.0, 1])
    assert paired(a, b, 4 / 6, 5 / 6) == PairedShares(6, 1, 2)


def test_rows_are_found_by_id_in_any_order_and_other_keys_are_ignored() -> None:
    rows: list[object] = [{"id": f"case {n}", "text": "é", "m": n % 2} for n in range(10)]
    a = Predictions("a", [b"\n", *lines(rows), b"  \r\n"])
    b = Predictions("b", lines({"id": f"case {n}", "m": 0} for n in reversed(range(10))))
    assert paired(a, b, 0.5, 0) == PairedShares(10, 5, 0)


def test_several_metrics_are_read_at_once_by_dotted_or_nested_name() -> None:
    rows = [{"id": n, "eval": {"acc": n % 2}, "eval.loss": n / 10} for n in range(20)]
    a, b = Predictions("a", lines(rows)), Predictions("b", lines(rows))
    found = pair_predictions(a, b, {"eval.acc": (0.5, 0.5), "eval.loss": (0.95, 0.95)})
    assert (found["eval.acc"].method, found["eval.loss"].method) == ("mcnemar", "paired t")


def test_numbers_are_bootstrapped() -> None:
    generator = random.Random(1)
    a = [generator.gauss(5, 1) for _ in range(50)]
    b = [value + generator.gauss(0.5, 0.2) for value in a]
    noise = paired(file_of(a), file_of(b), sum(a) / 50, sum(b) / 50)
    low, high = noise.interval()
    assert (noise.method, noise.pairs) == ("bootstrap", 50)
    assert 0.4 < low < high < 0.6


BAD = {
    "broken": (b'{"id": 5, "m": 1', "line 6 of 'a' is not JSON in UTF-8"),
    "not UTF-8": (b'{"id": "\xff", "m": 1}', "line 6 of 'a' is not JSON in UTF-8"),
    "deep": (b"[" * 100_000, "line 6 of 'a' is not JSON in UTF-8"),
    "a list": (b"[1]", "line 6 of 'a' is not a JSON object"),
    "NaN": (b'{"id": 5, "m": NaN}', "line 6 of 'a' has a number that is not finite"),
    "infinity": (b'{"id": 5, "m": 1e999}', "line 6 of 'a' has a 'm' that is not finite"),
    "huge": (b'{"id": 5, "m": 1' + b"0" * 400 + b"}", "line 6 of 'a' has a 'm' that is not finite"),
    "text": (b'{"id": 5, "m": "1"}', "line 6 of 'a' has a 'm' that is not a number"),
    "null": (b'{"id": 5, "m": null}', "line 6 of 'a' has no 'm'"),
    "no metric": (b'{"id": 5}', "line 6 of 'a' has no 'm'"),
    "no id": (b'{"m": 1}', "line 6 of 'a' has no 'id' that is a string or an integer"),
    "a bad id": (b'{"id": true, "m": 1}', "line 6 of 'a' has no 'id' that is a string or an integer"),
    "twice": (b'{"id": "4", "m": 1}', "line 6 of 'a' has an id that is there twice"),
    "too long": (b'{"id": 5, "m": 1' + b" " * (10 << 20) + b"}", "line 6 of 'a' is longer than 1048576 bytes"),
    "too many": (b'{"id": 5, "m": 1}', "'b' lacks id '5' of 'a'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_line_is_named(kind: str) -> None:
    bad, message = BAD[kind]
    good = file_of([1] * 5)
    with pytest.raises(InvalidInput) as raised:
        paired(Predictions("a", [*good.lines, bad]), Predictions("b", good.lines), 1, 1)
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1] * 6, "line 6 of 'b' has an id that 'a' lacks"),
        ([1] * 4, "'b' lacks id '4' of 'a'"),
        ([0] * 5, "the rows of 'b' have a mean 'm' of 0, not 1"),
    ],
)
def test_the_second_file_has_the_same_cases(values: list[float], message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        paired(file_of([1] * 5, "a"), file_of(values, "b"), 1, 1)
    assert raised.value.message == message


def test_an_id_may_be_long_and_is_not_repeated_in_the_second_file() -> None:
    rows = lines({"id": "x" * 1000 + str(n), "m": 1} for n in range(5))
    assert paired(Predictions("a", rows), Predictions("b", rows), 1, 1) == PairedShares(5, 0, 0)
    with pytest.raises(InvalidInput, match="line 6 of 'b' has an id that is there twice"):
        paired(Predictions("a", rows), Predictions("b", [*rows, rows[2]]), 1, 1)
    with pytest.raises(InvalidInput, match="'b' lacks the id of row 5 of 'a'"):
        paired(Predictions("a", rows), Predictions("b", rows[:4]), 1, 1)


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_a_few_rows_say_nothing(rows: int) -> None:
    with pytest.raises(InvalidInput, match=f"'a' has {rows} rows, and at least 5 are needed"):
        paired(file_of([1] * rows, "a"), file_of([1] * rows, "b"), 1, 1)


@pytest.mark.parametrize(
    ("value", "fits"), [(0.6667, True), (0.667, True), (0.66, True), (0.7, True), (0.5, False), (1, False)]
)
def test_a_value_may_be_rounded(value: float, fits: bool) -> None:
    thirds = file_of([1, 1, 0] * 20)
    if fits:
        assert paired(thirds, thirds, value, 2 / 3).pairs == 60
    else:
        with pytest.raises(InvalidInput, match="mean"):
            paired(thirds, thirds, value, 2 / 3)


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "ROWS_LIMIT", 6)
    assert paired(file_of([1] * 6), file_of([1] * 6), 1, 1).pairs == 6
    with pytest.raises(InvalidInput, match="more than 6 rows"):
        paired(file_of([1] * 7), file_of([1] * 7), 1, 1)


def test_little_is_kept_of_each_row() -> None:
    def rows() -> Iterable[bytes]:
        return (b'{"id": "case-%06d", "m": %d, "text": "%1000d"}\n' % (n, n % 2, n) for n in range(2_000))

    tracemalloc.start()
    try:
        paired(Predictions("a", rows()), Predictions("b", rows()), 0.5, 0.5)
        assert tracemalloc.get_traced_memory()[1] < 600 * 2_000
    finally:
        tracemalloc.stop()
