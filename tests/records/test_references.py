"""How a version is named."""

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.references import Reference, version_reference


@pytest.mark.parametrize("selector", ["1.0", "1.0.0", "2.0.0-rc.1", "prod-1.0", "latest", "production"])
def test_a_reference_of_two_parts_is_the_one_that_is_typed(selector: str) -> None:
    assert Reference.select("nlp/m", selector) == Reference.parse(f"nlp/m@{selector}")


@pytest.mark.parametrize(
    ("model", "selector"), [("m", ""), ("", "1.0"), ("M", "1.0"), ("m", "1"), ("m", "1.0@2.0"), ("m", "-")]
)
def test_a_part_that_cannot_be_one_is_refused(model: str, selector: str) -> None:
    with pytest.raises(InvalidInput):
        Reference.select(model, selector)


def test_a_model_alone_is_its_newest_release() -> None:
    assert Reference.parse("m") == Reference.parse("m@latest")
    assert str(Reference.parse("m")) == version_reference("m", "latest") == "m@latest"
