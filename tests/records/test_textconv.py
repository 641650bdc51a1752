"""A record as one line for each value."""

import pytest

from regolo_git.errors import IntegrityError
from regolo_git.records.textconv import record_lines

TEXT = """\
format = 1
parents = ["1.0"]

[metrics]
accuracy = { value = 0.912, n = 2000 }
"eval.f1" = 0.89

[metadata]
note = "two\\u001b\\nlines"
empty = {}

[metadata.training]
epochs = 3
"""


def test_one_line_for_each_value() -> None:
    assert record_lines(TEXT) == [
        "format = 1",
        'parents = ["1.0"]',
        "metrics.accuracy = 0.912 (n = 2000)",
        'metrics."eval.f1" = 0.89',
        'metadata.note = "two\\u001B\\nlines"',
        "metadata.empty = {}",
        "metadata.training.epochs = 3",
    ]


def test_invalid_toml_is_refused() -> None:
    with pytest.raises(IntegrityError):
        record_lines("<<<<<<< ours\n")
