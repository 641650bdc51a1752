"""Names that some file systems take for one."""

import pytest

from regolo_git.artifacts.source.twins import alike_names, difference


@pytest.mark.parametrize(
    ("paths", "pairs"),
    [
        (["A.txt", "a.txt"], [("A.txt", "a.txt")]),
        (["café", "cafe\u0301"], [("café", "cafe\u0301")]),
        (["CAFE\u0301/x", "café/y"], [("CAFE\u0301", "café")]),
        (["sub/A/x", "sub/a/y"], [("sub/A", "sub/a")]),
        (["straße", "STRASSE"], [("straße", "STRASSE")]),
        (["a", "b/a", "b/c", "ab"], []),
    ],
)
def test_names_that_are_alike_are_found_once(paths: list[str], pairs: list[tuple[str, str]]) -> None:
    assert alike_names(paths) == pairs


def test_the_difference_is_named() -> None:
    assert difference("A", "a") == "case"
    assert difference("é", "e\u0301") == "Unicode form"
    assert difference("É", "e\u0301") == "case and Unicode form"
