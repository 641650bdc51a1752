"""Names in the order in which people count."""

from hypothesis import given, settings
from hypothesis import strategies as st

from regolo_git.text.natural_order import natural_key


def test_numbers_in_names_are_numbers() -> None:
    names = ["layer.10.weight", "layer.2.weight", "layer.2.bias", "head", "layer", "2", "10"]
    assert sorted(names, key=natural_key) == [
        "2",
        "10",
        "head",
        "layer",
        "layer.2.bias",
        "layer.2.weight",
        "layer.10.weight",
    ]


@settings(max_examples=30)
@given(st.lists(st.text(st.sampled_from("a1٣.0")), max_size=8))
def test_any_names_have_an_order(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_key, reverse=True), key=natural_key) == sorted(
        sorted(names), key=natural_key
    )


def test_a_number_of_a_million_digits_is_text() -> None:
    names = ["a" + "9" * 1_000_000, "a1", "a10"]
    assert sorted(names, key=natural_key)[-2:] == ["a1", "a10"]
