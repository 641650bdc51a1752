"""A whole value of UBJSON is told from a part of one, wherever it is cut off."""

from pathlib import Path

import pytest

from regolo_git.errors import IntegrityError
from regolo_git.serving.local.worker.loaders.ubjson import check_ubjson

WHOLE = (
    b"{i\x01aZi\x02bcSU\x03\xc3\xbc!i\x01d[TFCx]i\x01e[$d#i\x02"
    + bytes(8)
    + b"i\x01f[#i\x02U\xffl\x00\x00\x00\x01"
    b"i\x01g{$U#i\x02i\x01xAi\x01yBi\x01h[]i\x01i[$S#I\x00\x01U\x01zi\x01jD" + bytes(8) + b"}"
)


def test_every_part_of_a_whole_value_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.ubj"
    path.write_bytes(WHOLE)
    check_ubjson(path)
    for size in range(len(WHOLE)):
        path.write_bytes(WHOLE[:size])
        with pytest.raises(IntegrityError, match=r"'m.ubj' is not a whole model"):
            check_ubjson(path)


@pytest.mark.parametrize(
    "data",
    [
        WHOLE + b"x",
        b"[]",
        b"{" * 100,
        b"{i\x01a" * 100,
        b"{i\x01a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff}",
        b"{i\x01a[$d#i\xff}",
        b"{i\x01aSi\xff}",
        b"{i\x01a[$d]}",
        b"{i\x01aSdx}",
        b"{i\x01a?}",
    ],
)
def test_what_is_not_one_whole_value_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.ubj"
    path.write_bytes(data)
    with pytest.raises(IntegrityError):
        check_ubjson(path)
