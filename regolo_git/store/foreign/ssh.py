"""Errors of asyncssh, which is below sshfs: host keys, users, connections, and answers of SFTP servers."""

from regolo_git.store.foreign.connection import CUT_OFF, NETWORK, SILENT
from regolo_git.store.foreign.failure import Failure, denied, said_by

LOST = Failure(CUT_OFF, NETWORK, passing=True, lost=True)
SILENCE = Failure(SILENT, NETWORK, passing=True, lost=True)
_BY_NAME = {
    "HostKeyNotVerifiable": Failure(
        "the key of the host is not known, or is another one than before",
        "connect once with ssh, which asks; if the host has a new key: ssh-keygen -R HOST",
    ),
    "PermissionDenied": denied(
        "the server accepts neither this user nor a key of theirs",
        "check that ssh USER@HOST works, and see ssh-add -l",
    ),
    "SFTPPermissionDenied": denied("access is denied", "check the permissions on the server"),
    "SFTPWriteProtect": denied("the filesystem is read-only", "check the permissions on the server"),
    "SFTPNoSpaceOnFilesystem": Failure("the disk of the server is full", "free some space there"),
    "SFTPQuotaExceeded": Failure("the disk quota on the server is used up", "free some space there"),
    "SFTPNotADirectory": Failure("a file is in the place of a directory", "look at it with sftp"),
    "SFTPFailure": Failure(
        "the server failed, without saying why: its disk may be full", "look with ssh: df -h"
    ),
    "KeyExchangeFailed": Failure("the server and this program have no algorithm in common"),
    "KeyEncryptionError": Failure("a key needs its passphrase", "add it to the agent: ssh-add"),
    "KeyImportError": Failure("a key file cannot be read", "check the keys in ~/.ssh"),
    "ConfigParseError": Failure("the configuration of ssh cannot be read", "check ~/.ssh/config"),
}
_LOST = (
    "ConnectionLost",
    "DisconnectError",
    "ChannelOpenError",
    "SFTPConnectionLost",
    "SFTPNoConnection",
    "ServiceNotAvailable",
    "CompressionError",
    "MACError",
    "ProtocolError",
)
_MISSING = ("SFTPNoSuchFile", "SFTPNoSuchPath")


def ssh_failure(error: BaseException) -> Failure | None:
    """What an error of asyncssh is about; None for a missing file."""
    name = type(error).__name__
    if name in _MISSING:
        return None
    return LOST if name in _LOST else _BY_NAME.get(name) or Failure(said_by(error))
