"""Lists whose lines are independent are joined; a line that was taken out is somebody's to decide."""

import pytest

from regolo_git.registry.sync.merged_record import Merged, merged_record

IGNORED = ".gitignore"
RETIRED = "models/m/retired.toml"
ENTRY = """[retired."{}"]
when = 2026-01-01T00:00:00Z
who = "A <a@example.org>"
reason = "wrong data"
"""


def retired(*versions: str) -> bytes:
    return ("format = 1\n" + "\n".join(ENTRY.format(version) for version in versions)).encode()


def test_lines_of_both_are_joined() -> None:
    assert merged_record(IGNORED, b"/a\n", b"/a\n/b\n", b"/a\n/c\n") == Merged(b"/a\n/c\n/b\n")


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs"),
    [
        pytest.param(IGNORED, b"/a\n/b\n", b"/b\n", b"/a\n/b\n/c\n", id="ignored"),
        pytest.param(
            RETIRED, retired("1.0", "1.1"), retired("1.1"), retired("1.0", "1.1", "1.2"), id="retired"
        ),
    ],
)
def test_what_ours_took_out_is_not_brought_back(path: str, base: bytes, ours: bytes, theirs: bytes) -> None:
    assert merged_record(path, base, ours, theirs) is None
