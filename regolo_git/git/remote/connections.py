"""Opens dulwich's connections to remotes, with credentials, time limits, and errors of ours."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import urllib3
from dulwich.client import GitClient, HTTPUnauthorized, LocalGitClient, SSHGitClient, Urllib3HttpGitClient
from dulwich.config import ConfigDict
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository

from regolo_git.errors import RegoloError
from regolo_git.git.environment import ssh_command
from regolo_git.git.remote.addresses import HttpAddress, PathAddress, SshAddress, address_of
from regolo_git.git.remote.credentials import Credentials, credentials_for
from regolo_git.git.remote.failures import remote_failure
from regolo_git.git.remote.progress import Lines
from regolo_git.git.remote.ssh import SshProgram
from regolo_git.git.remote.watch import Watch
from regolo_git.git.repository import GitRepository

CONNECT_SECONDS, SILENCE_SECONDS = 30.0, 120.0
REDIRECTS = 5
Answer = TypeVar("Answer")
Call = Callable[[GitClient, str], Answer]


class Connections:
    """The connections of one repository; credentials that were accepted are kept in memory."""

    def __init__(self, git: GitRepository) -> None:
        self._git = git
        self._accepted: dict[str, Credentials] = {}

    def exchange(self, remote: str, lines: Lines, call: Call[Answer], *, push: bool = False) -> Answer:
        """What `call` returns, given a client and the path of the repository.  Raises as `Transport` says."""
        address = address_of(self._git, remote, push=push)
        watch = Watch(SILENCE_SECONDS)
        try:
            if isinstance(address, HttpAddress):
                return self._with_credentials(address, call)
            client, path = self._client(address, watch)
            return call(client, path)
        except RegoloError:
            raise
        except HTTPUnauthorized as error:
            raise remote_failure(remote, ["fatal: Authentication failed"]) from error
        except NotGitRepository as error:
            raise remote_failure(remote, ["fatal: it does not appear to be a git repository"]) from error
        except (GitProtocolError, urllib3.exceptions.HTTPError, OSError) as error:
            silence = f"fatal: timed out: no answer in {SILENCE_SECONDS:.0f} s"
            told = [silence] if watch.expired else _told(error)
            raise remote_failure(remote, told, lines.said) from error
        finally:
            watch.stop()

    def _client(self, address: PathAddress | SshAddress, watch: Watch) -> tuple[GitClient, str]:
        if isinstance(address, PathAddress):
            return LocalGitClient(), str(address.path)
        program = SshProgram(ssh_command(self._git.config_get("core.sshCommand")), watch)
        client = SSHGitClient(
            address.host,
            port=address.port,
            username=address.user,
            vendor=program,
            thin_packs=False,
            report_activity=watch.heard,
        )
        return client, address.path

    def _with_credentials(self, address: HttpAddress, call: Call[Answer]) -> Answer:
        """Tries without credentials, as git does, then with each that there are."""
        accepted = self._accepted.get(address.base)
        try:
            return call(self._http(address, accepted), address.path)
        except HTTPUnauthorized:
            for found in self._others(address, accepted):
                try:
                    answer = call(self._http(address, found), address.path)
                except HTTPUnauthorized:
                    continue
                self._accepted[address.base] = found
                return answer
            raise

    def _others(self, address: HttpAddress, tried: Credentials | None) -> Iterator[Credentials]:
        return (found for found in credentials_for(self._git, address) if found != tried)

    def _http(self, address: HttpAddress, credentials: Credentials | None) -> GitClient:
        client = Urllib3HttpGitClient(
            address.base,
            config=self._settings(),
            username=credentials.user if credentials is not None else None,
            password=credentials.password if credentials is not None else None,
            thin_packs=False,
        )
        limits = urllib3.Timeout(connect=CONNECT_SECONDS, read=SILENCE_SECONDS)
        retries = urllib3.Retry(connect=0, read=0, redirect=REDIRECTS, status=0, other=0)
        client.pool_manager.connection_pool_kw.update(timeout=limits, retries=retries)
        return client

    def _settings(self) -> ConfigDict:
        """The settings of HTTP: proxies, certificates, further headers."""
        config = ConfigDict()
        for entry in self._git.pygit.config:
            section, _, rest = entry.name.partition(".")
            place, _, name = rest.rpartition(".")
            if section == "http":
                where = (b"http", place.encode()) if place else (b"http",)
                config.add(where, name.encode(), entry.value or "true")
        return config


def _told(error: Exception) -> list[str]:
    """The lines of ssh, or the words of the error in the form in which git has them."""
    if isinstance(error, HangupException):
        if error.stderr_lines:
            return [line.decode("utf-8", "replace").rstrip() for line in error.stderr_lines]
        return ["fatal: the remote end hung up unexpectedly"]
    words = str(error).replace("unexpected http resp ", "The requested URL returned error: ")
    return [f"fatal: {words or type(error).__name__}"]
