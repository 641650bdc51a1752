"""Which changes of a rule let pass what it did not."""

import pytest

from regolo_git.verdict.loosening import Value, loosens

PRODUCTION = ("environments", "production")


@pytest.mark.parametrize(
    ("path", "before", "after", "looser"),
    [
        (("gates", "a", "min"), 0.9, 0.8, True),
        (("gates", "a", "min"), 0.9, 0.95, False),
        (("gates", "a", "min"), 0.9, None, True),
        (("gates", "a", "min"), None, 0.9, False),
        (("gates", "a", "max"), 50, 60, True),
        (("gates", "a", "max"), 50, 40, False),
        (("gates", "a", "max_drop"), 0.1, 0.2, True),
        (("gates", "a", "required"), True, None, True),
        (("gates", "a", "required"), False, None, False),
        (("gates", "a", "fail"), "unproven", "worse", True),
        (("gates", "a", "fail"), "worse", "unproven", False),
        (("metrics", "a", "direction"), "higher", "lower", True),
        (("metrics", "a", "direction"), None, "lower", False),
        (("metrics", "a", "tolerance_abs"), None, 0.1, True),
        (("metrics", "a", "tolerance_abs"), 0.1, 0.01, False),
        (("metrics", "a", "tolerance_abs"), 0.1, None, False),
        (("metrics", "a", "unit"), "%", "ms", False),
        ((*PRODUCTION, "gates", "signed"), True, False, True),
        ((*PRODUCTION, "gates", "signed"), False, True, False),
        ((*PRODUCTION, "gates", "scan"), "known", "not-dangerous", True),
        ((*PRODUCTION, "gates", "scan"), "not-dangerous", "known", False),
        ((*PRODUCTION, "gates", "scan"), "known", None, True),
        ((*PRODUCTION, "gates", "metadata"), ["a", "b"], ["a"], True),
        ((*PRODUCTION, "gates", "metadata"), ["a"], ["a", "b"], False),
        ((*PRODUCTION, "gates", "licences"), ["mit"], ["mit", "gpl"], True),
        ((*PRODUCTION, "gates", "licences"), ["mit"], None, True),
        ((*PRODUCTION, "gates", "licences"), None, ["mit"], False),
        ((*PRODUCTION, "gates", "metrics", "a", "min"), 1, 0, True),
        ((*PRODUCTION, "requires"), ["staging"], [], True),
        ((*PRODUCTION, "replicas"), 3, 1, False),
        (("description",), "a", "b", False),
        (("min",), 1, 0, False),
    ],
)
def test_a_rule_is_looser_if_more_passes(
    path: tuple[str, ...], before: Value, after: Value, looser: bool
) -> None:
    assert loosens(path, before, after) is looser
