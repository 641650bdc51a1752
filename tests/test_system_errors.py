"""What the system refuses reads the same wherever it is met, and has a way out where there is one."""

import errno
import os

import pytest

from regolo_git.system_errors import hint_of, reason_of


@pytest.mark.parametrize(
    ("number", "reason", "hint"),
    [
        (errno.ENOSPC, "the disk is full", "free some space and try again"),
        (errno.EDQUOT, "the disk quota is used up", "free some space and try again"),
        (errno.EFBIG, "limit on file sizes", "ulimit -f"),
        (errno.EROFS, "read-only", "mount it for writing"),
        (errno.EACCES, "permission denied", "check the permissions"),
        (errno.EPERM, "not permitted", "check the permissions"),
    ],
)
def test_errors_with_a_remedy_have_a_hint(number: int, reason: str, hint: str) -> None:
    error = OSError(number, os.strerror(number))
    assert reason in reason_of(error)
    assert hint in str(hint_of(error))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EIO, "Input/output error"), "input/output error"),
        (OSError("connection lost"), "connection lost"),
        (OSError("SSL handshake failed"), "SSL handshake failed"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_any_other_error_keeps_its_own_words(error: OSError, reason: str) -> None:
    assert reason_of(error) == reason
    assert hint_of(error) is None
