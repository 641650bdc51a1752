"""What a filesystem refuses becomes an error of the store, with what to do where that is known."""

import errno
import os

import pytest

from regolo_git.errors import TransportError
from regolo_git.store.translate import translated


def test_what_a_filesystem_refuses_is_an_error_of_the_store() -> None:
    with (
        pytest.raises(TransportError, match="the store '/store' failed: the disk is full") as caught,
        translated("/store"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.hint == "free some space and try again"
    assert isinstance(caught.value.__cause__, OSError)


def test_what_is_not_of_the_filesystem_passes() -> None:
    with pytest.raises(ValueError, match="ours"), translated("/store"):
        raise ValueError("ours")
