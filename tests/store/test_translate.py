"""What a filesystem refuses becomes an error of the store, with what to do where that is known."""

import errno
import os

import pytest

from regolo_git.errors import TransportError
from regolo_git.store.translate import translated


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "ulimit"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permissions"),
        (errno.EPERM, "permissions"),
    ],
)
def test_what_can_be_helped_has_a_hint(number: int, hint: str) -> None:
    with pytest.raises(TransportError) as caught, translated("/store"):
        raise OSError(number, os.strerror(number))
    assert "'/store'" in caught.value.message
    assert hint in str(caught.value.hint)
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError("connection lost"), "connection lost"),
        (OSError(), "OSError"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_anything_else_is_told_in_its_own_words(error: OSError, said: str) -> None:
    with pytest.raises(TransportError, match=said) as caught, translated("s3://bucket"):
        raise error
    assert caught.value.hint is None


def test_what_is_not_of_the_filesystem_passes() -> None:
    with pytest.raises(ValueError, match="ours"), translated("/store"):
        raise ValueError("ours")
