"""A registry whose shared store is on a real server of each kind: pushed, cloned, checked and examined."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.command_line_fixtures import regolo, top
from support.git_program import git
from support.servers.azure import AzureServer, azure_server
from support.servers.faulty_proxy import FaultyProxy
from support.servers.gcs import GcsServer, gcs_server
from support.servers.s3 import REGION, S3Server, moto, s3_credentials
from support.servers.sshd import Sshd, let_ssh_find, running_sshd

__all__ = ["azure_server", "gcs_server", "moto", "regolo", "s3_credentials", "top"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    pytest.importorskip("sshfs")
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def azure(azure_server: AzureServer, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_server.connection_string())
    return [f"az://{azure_server.new_container()}/team"]


@pytest.fixture
def google(gcs_server: GcsServer, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
    return [f"gs://{gcs_server.new_bucket()}/team"]


@pytest.fixture
def s3(moto: S3Server, s3_credentials: None) -> list[str]:
    return [f"s3://{moto.new_bucket()}/team", moto.endpoint]


@pytest.fixture
def sftp(sshd: Sshd, isolated: Path, tmp_path: Path) -> list[str]:
    let_ssh_find(sshd, isolated)
    return [f"sftp://store{tmp_path}/team"]


@pytest.fixture(params=["azure", "google", "s3", "sftp"])
def place(request: pytest.FixtureRequest) -> list[str]:
    """The URL of a store that is not there yet, and the endpoint of its service."""
    found: list[str] = request.getfixturevalue(request.param)
    return found


def start(regolo: Regolo, url: str, *endpoint: str) -> None:
    """A registry with a store, of which this clone knows."""
    regolo("init")
    regolo("config", "store.url", url)
    if endpoint:
        regolo("config", "store.endpoint", *endpoint)
        regolo("config", "store.region", REGION)


def doctor(regolo: Regolo) -> list[dict[str, str]]:
    found = regolo("doctor", "--json").document
    assert isinstance(found, list)
    return found


def test_what_is_pushed_is_cloned_checked_and_sound(
    place: list[str], regolo: Regolo, top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "host.git")
    start(regolo, *place)
    git(top, "remote", "add", "origin", str(tmp_path / "host.git"))
    (found,) = doctor(regolo)
    assert "the first push creates it" in found["what"]
    (top / "weights").mkdir()
    for number in range(40):
        (top / "weights" / f"{number}.bin").write_bytes(bytes([number]) * 30_000)
    (top / "weights" / "large.bin").write_bytes(bytes(range(256)) * (5 << 12))
    regolo("register", "m", "weights", "-m", "first")
    regolo("push")
    assert doctor(regolo) == []
    regolo("fsck", "--shared", "--full")
    regolo("clone", "--yes", str(tmp_path / "host.git"), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    regolo("checkout", "m@1.0", str(tmp_path / "restored"))
    for path in (top / "weights").iterdir():
        assert (tmp_path / "restored" / path.name).read_bytes() == path.read_bytes()
    assert doctor(regolo) == []


@pytest.fixture
def pushed_by_proxy(
    moto: S3Server, s3: list[str], regolo: Regolo, top: Path, tmp_path: Path
) -> Iterator[FaultyProxy]:
    """A registry that was pushed to a service behind a proxy."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "host.git")
    with FaultyProxy(moto.endpoint) as proxy:
        start(regolo, s3[0], proxy.url)
        git(top, "remote", "add", "origin", str(tmp_path / "host.git"))
        (top / "model.bin").write_bytes(b"1")
        regolo("register", "m", "model.bin", "-m", "first")
        regolo("push")
        yield proxy


def without_create(proxy: FaultyProxy) -> None:
    proxy.without = ("if-none-match",)


FAULTS: dict[str, tuple[Callable[[FaultyProxy], None], list[tuple[str, str]]]] = {
    "may not delete": (lambda proxy: proxy.inject("AccessDenied", method="DELETE"), []),
    "may not write": (
        lambda proxy: proxy.inject("AccessDenied", method="PUT"),
        [("limit", "nothing can be pushed")],
    ),
    "replaces": (without_create, [("limit", "does not refuse to create a file that exists")]),
    "rejected": (
        lambda proxy: proxy.inject("InvalidAccessKeyId"),
        [("left", "the credentials were rejected")],
    ),
    "clock": (
        lambda proxy: proxy.inject("RequestTimeTooSkewed"),
        [("left", "its clock and that of this machine differ")],
    ),
}


@pytest.mark.parametrize(("fault", "expected"), FAULTS.values(), ids=FAULTS)
def test_doctor_says_what_is_wrong(
    pushed_by_proxy: FaultyProxy,
    regolo: Regolo,
    fault: Callable[[FaultyProxy], None],
    expected: list[tuple[str, str]],
) -> None:
    fault(pushed_by_proxy)
    found = doctor(regolo)
    assert [each["kind"] for each in found] == [kind for kind, _ in expected]
    for each, (_, words) in zip(found, expected, strict=True):
        assert words in each["what"]
        assert each["hint"]
