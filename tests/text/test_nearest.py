"""A mistyped name finds the one that was meant."""

from regolo_git.text.nearest import nearest, nearest_few

NAMES = ("sentiment", "sentinel", "ranker")


def test_the_nearest_name_is_the_one_that_was_meant() -> None:
    assert nearest("sentimnet", NAMES) == "sentiment"


def test_nothing_is_near_enough() -> None:
    assert nearest("xyz", NAMES) is None
    assert nearest("rank", NAMES) == "ranker"
    assert nearest("rank", NAMES, cutoff=0.9) is None


def test_the_most_similar_comes_first() -> None:
    assert nearest_few("sentiment", iter(NAMES), most=5) == ["sentiment", "sentinel"]
    assert nearest_few("sentiment", NAMES, most=1) == ["sentiment"]
