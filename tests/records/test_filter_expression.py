"""Filters of versions: what they match, and where they are wrong."""

from datetime import UTC, date, datetime

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.filter_expression import DEPTH, LENGTH, Filter, Value
from regolo_git.records.versions import Version

VALUES: dict[str, Value] = {
    "accuracy": 0.92,
    "eval.f1": 0.9,
    "eval/loss": 3,
    "my metric": 5,
    "license": "mit",
    "final": True,
    "version": Version.parse("1.10.0"),
    "created": datetime(2026, 5, 1, 12, tzinfo=UTC),
    "day": date(2026, 5, 1),
    "local": datetime(2026, 5, 1, 12),
    "tags": ["a", "b"],
    "size": 12_000_000,
}


@pytest.mark.parametrize(
    "text",
    [
        "accuracy > 0.9",
        "accuracy>0.9",
        "0.9 < accuracy",
        "accuracy >= 0.92 and accuracy <= 0.92",
        "accuracy > eval.f1",
        "eval/loss == 3",
        "eval/loss = 3.0",
        "eval/loss > -1e-3",
        "[my metric] == 5",
        "license == 'mit'",
        'license != "gpl-3.0"',
        r"license != 'it\'s'",
        "final == true",
        "version > 1.9",
        "version >= 1.10.0",
        "version < 2.0.0-rc.1",
        "version == '1.10'",
        "created > '2026-04-30' and created < '2026-05-02T00:00:00Z'",
        "day > '2026-04-29'",
        "local > '2026-04-29' and local < created or local >= day",
        "tags == 'b'",
        "tags != 'c'",
        "size > 10MB and size < 1GB",
        "has license and not has absent",
        "has(eval.f1)",
        "not accuracy > 0.95",
        "accuracy > 1 or accuracy > 0.9 and license == 'mit'",
        "not (accuracy > 1 or license == 'gpl')",
        "not not final == true",
    ],
)
def test_filters_that_match(text: str) -> None:
    assert Filter.parse(text).matches(VALUES.get)


@pytest.mark.parametrize(
    "text",
    [
        "accuracy > 0.92",
        "(accuracy > 1 or accuracy > 0.9) and license == 'gpl'",
        "absent > 0",
        "absent != 0",
        "not has accuracy",
        "license > 3",
        "license == 3",
        "accuracy == '0.92'",
        "final > false",
        "final == 1",
        "version > 'later'",
        "created > 'yesterday'",
        "tags == 'c'",
    ],
)
def test_filters_that_do_not_match(text: str) -> None:
    assert not Filter.parse(text).matches(VALUES.get)


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("", "at its end", "a name, a number"),
        ("accuracy", "at its end", "a comparison is expected"),
        ("accuracy >", "at its end", "a name, a number"),
        ("accuracy >> 0.9", "at character 11 ('> 0.9')", "a name, a number"),
        ("accuracy > 0.9 license == 'mit'", "at character 16", "'and' or 'or'"),
        ("(accuracy > 0.9", "at its end", "')' is expected"),
        ("accuracy > 0.9)", "at character 15", "'and' or 'or'"),
        ("has 3", "at character 5 ('3')", "a name is expected after 'has'"),
        ("license == 'mit", "at character 12", "cannot be read"),
        ("accuracy > 0.9 and", "at its end", "a name, a number"),
        ("a ? b", "at character 3", "cannot be read"),
        ("__import__('os').system('id') == 1", "at character 17", "cannot be read"),
        ("\x1b[31m > 1", "at character 1 ('\\\\x1b", "cannot be read"),
        ("(" * (DEPTH + 1) + "a > 1" + ")" * (DEPTH + 1), f"at character {DEPTH + 1}", "nested"),
        ("not " * 5000 + "a > 1", "a filter of 20005 characters", f"longer than {LENGTH}"),
        ("not " * (DEPTH + 1) + "a > 1", "at character", "nested"),
    ],
)
def test_an_error_has_its_position(text: str, where: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Filter.parse(text)
    assert where.replace("\\\\", "\\") in caught.value.message
    assert problem in caught.value.message


def test_the_names_of_a_filter_are_known() -> None:
    found = Filter.parse("a > b and not has c or a == 1 and has(a)")
    assert (found.compared, found.names) == (("a", "b"), ("a", "b", "c"))
