"""A mistyped name finds the one that was meant, and a word that means something else finds none."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.text.nearest import nearest, nearest_few

NAMES = ("sentiment", "sentinel", "ranker")


@pytest.mark.parametrize(
    "typed", ["sentimnet", "sentimen", "sentimentt", "santiment", "Sentiment", "sntimnet"]
)
def test_the_nearest_name_is_the_one_that_was_meant(typed: str) -> None:
    assert nearest(typed, NAMES) == "sentiment"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lits", "list"),
        ("mm", "m"),
        ("lgo", "log"),
        ("int", "init"),
        ("metrics", "metric"),
        ("digset", "digest"),
    ],
)
def test_short_names_allow_one_typo(typed: str, meant: str) -> None:
    assert nearest(typed, ["other", meant]) == meant


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("demote", "demo"),
        ("sort", "json"),
        ("oneline", "plain"),
        ("to", "json"),
        ("port", "propose"),
        ("x", "m"),
    ],
)
def test_a_word_that_means_something_else_is_not_near(typed: str, other: str) -> None:
    assert nearest(typed, [other]) is None


def test_the_beginning_of_a_name_is_near_it() -> None:
    assert nearest("rank", NAMES) == "ranker"
    assert nearest("sent", NAMES) == "sentinel"
    assert nearest("ra", NAMES) is None
    assert nearest("promo", ["promote", "prom"]) == "prom", "a typo is more likely than a missing end"


def test_nothing_is_near_enough() -> None:
    assert nearest("xyz", NAMES) is None
    assert nearest("", NAMES) is None
    assert nearest("sentiment", []) is None


def test_the_first_of_names_that_are_equally_near_is_taken() -> None:
    assert nearest("m@1.2", ["m@1.1", "m@1.3"]) == "m@1.1"


@given(st.text("abcde", min_size=8, max_size=12), st.data())
def test_two_letters_that_were_swapped_are_one_typo(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 2))
    typed = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    assert nearest(typed, [name]) == name


@given(st.lists(st.text("ab", min_size=1, max_size=8), min_size=2, unique=True))
def test_which_name_is_near_does_not_depend_on_who_typed_it(names: list[str]) -> None:
    for a, b in pairwise(names):
        if len(a) == len(b):
            assert (nearest(a, [b]) is None) == (nearest(b, [a]) is None)


def test_the_most_similar_comes_first() -> None:
    assert nearest_few("sentiment", iter(NAMES), most=5) == ["sentiment", "sentinel"]
    assert nearest_few("sentiment", NAMES, most=1) == ["sentiment"]
