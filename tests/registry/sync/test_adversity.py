"""Push, pull, clone and checkout by the command line, against stores on a bad day.

Each gets a clear error, nothing is half-pushed, and the next run finishes the work.
"""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Outcome, Regolo
from support.command_line_fixtures import regolo, top
from support.git_program import git
from support.program import run_program, start_program
from support.servers.faulty_proxy import STALL, FaultyProxy
from support.servers.nginx import running_nginx
from support.servers.s3 import REGION, S3Server, moto, s3_credentials
from support.servers.sshd import Sshd, let_ssh_find, running_sshd

from regolo_git.store.files.filesystems import sftp as sftp_files
from regolo_git.store.locate import files_at
from regolo_git.store.shared import SharedStore

__all__ = ["moto", "regolo", "s3_credentials", "top"]

pytestmark = pytest.mark.slow

SIZE = 5 << 20


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    pytest.importorskip("sshfs")
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, which `enlarge` makes larger."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


@pytest.fixture
def host(tmp_path: Path, top: Path, regolo: Regolo) -> Path:
    """The bare remote of a registry that names no store yet."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "host.git")
    git(top, "remote", "add", "origin", str(tmp_path / "host.git"))
    regolo("init")
    return tmp_path / "host.git"


def register(regolo: Regolo, top: Path, size: int = SIZE) -> bytes:
    content = secrets.token_bytes(size)
    (top / "model.bin").write_bytes(content)
    regolo("register", "m", "model.bin", "-m", "first")
    return content


def tags(host: Path) -> list[str]:
    return git(host, "tag", "-l").split()


def refused(done: Outcome, *words: str) -> None:
    for word in words:
        assert word in done.err
    assert done.err.count("error: ") == 1
    assert "Traceback" not in done.err
    assert "nexpected" not in done.err


# -- SFTP -------------------------------------------------------------------------------------------------


def test_a_push_to_a_full_disk_over_sftp_names_nothing_and_goes_on(
    sshd: Sshd, isolated: Path, host: Path, top: Path, regolo: Regolo, small_disk: Path, tmp_path: Path
) -> None:
    let_ssh_find(sshd, isolated)
    regolo("config", "store.url", f"sftp://store{small_disk}/team")
    content = register(regolo, top)
    done = regolo("push", status=6)
    refused(done, "its disk may be full", "sftp://store")
    assert tags(host) == []
    remount(small_disk, "size=64m")
    regolo("push")
    assert tags(host) == ["m@v1.0"]
    regolo("fsck", "--shared", "--full")
    regolo("clone", "--yes", str(host), str(tmp_path / "clone"))
    assert (tmp_path / "clone" / "model.bin").read_bytes() == content


def test_a_clone_to_a_full_disk_over_sftp_goes_on(
    sshd: Sshd, isolated: Path, host: Path, top: Path, regolo: Regolo, small_disk: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    let_ssh_find(sshd, isolated)
    regolo("config", "store.url", f"sftp://store{tmp_path}/team")
    content = register(regolo, top)
    regolo("push")
    line = ("clone", "--yes", str(host), str(small_disk / "clone"))
    refused(regolo(*line, status=6), "the disk is full")
    monkeypatch.chdir(small_disk / "clone")
    refused(regolo("checkout", status=6), "the disk is full")
    assert not Path("model.bin").exists()
    remount(small_disk, "size=64m")
    regolo(*line)
    assert Path("model.bin").read_bytes() == content
    regolo("fsck", "--full")
    assert "is there already" in regolo(*line, status=4).err


@pytest.mark.parametrize("known", ["none", "another"])
def test_a_host_key_that_is_not_known_stops_a_push(
    sshd: Sshd, isolated: Path, host: Path, top: Path, regolo: Regolo, tmp_path: Path, known: str
) -> None:
    place = let_ssh_find(sshd, isolated) / "known_hosts"
    right = place.read_text()
    regolo("config", "store.url", f"sftp://store{tmp_path}/team")
    register(regolo, top, 1000)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    other = (tmp_path / "other.pub").read_text().split()[1]
    place.write_text(f"{right.split()[0]} ssh-ed25519 {other}\n" if known == "another" else "")
    done = regolo("push", status=6)
    refused(done, "the key of the host is not known")
    assert tags(host) == []
    assert not (tmp_path / "team").exists()
    place.write_text(right)
    regolo("push")
    assert tags(host) == ["m@v1.0"]


def test_a_server_that_says_nothing_over_sftp_ends_a_push(
    isolated: Path, host: Path, top: Path, regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server").mkdir()
    monkeypatch.setattr(sftp_files, "SILENCE_SECONDS", 1.0)
    with running_sshd(tmp_path / "server", "/bin/sleep 600") as server:
        let_ssh_find(server, isolated)
        regolo("config", "store.url", f"sftp://store{tmp_path}/team")
        register(regolo, top, 1000)
        done = regolo("push", status=6)
    refused(done, "does not answer")
    assert tags(host) == []


# -- directories ------------------------------------------------------------------------------------------


def test_a_store_on_a_disk_that_may_only_be_read(
    host: Path, top: Path, regolo: Regolo, small_disk: Path, tmp_path: Path
) -> None:
    regolo("config", "store.url", str(small_disk / "team"))
    first = register(regolo, top, 1000)
    regolo("push")
    (top / "model.bin").write_bytes(b"2")
    regolo("commit", "m", "model.bin")
    remount(small_disk, "ro")
    try:
        done = regolo("push", status=6)
        refused(done, "the filesystem is read-only")
        assert tags(host) == ["m@v1.0"]
        regolo("clone", "--yes", str(host), str(tmp_path / "clone"))
        assert (tmp_path / "clone" / "model.bin").read_bytes() == first
        assert "the filesystem is read-only" in regolo("doctor").out
    finally:
        remount(small_disk, "rw")
    regolo("push")
    assert tags(host) == ["m@v1.0", "m@v1.1"]


@pytest.mark.parametrize("size", ["0", "10"])
def test_a_cache_that_is_smaller_than_a_chunk_stays_out_of_the_way(
    host: Path, top: Path, regolo: Regolo, s3: tuple[str, str], size: str
) -> None:
    git(top, "config", "regolo.store", s3[0])
    git(top, "config", "regolo.storeEndpoint", s3[1])
    git(top, "config", "regolo.storeRegion", REGION)
    git(top, "config", "regolo.cacheSize", size)
    regolo("init")
    content = register(regolo, top, 3 << 20)
    regolo("checkout", "m@1.0", "again.bin")
    assert (top / "again.bin").read_bytes() == content
    cache = top / ".git/regolo/cache"
    assert sum(path.stat().st_size for path in cache.rglob("??/*")) <= int(size)


# -- S3 and the web ---------------------------------------------------------------------------------------


@pytest.fixture
def s3(moto: S3Server, s3_credentials: None) -> tuple[str, str]:
    return f"s3://{moto.new_bucket()}/team", moto.endpoint


def use(regolo: Regolo, url: str, endpoint: str) -> None:
    regolo("config", "store.url", url)
    regolo("config", "store.endpoint", endpoint)
    regolo("config", "store.region", REGION)


def test_whoever_may_not_list_a_bucket_reads_it_and_may_not_push(
    s3: tuple[str, str], host: Path, top: Path, regolo: Regolo, tmp_path: Path
) -> None:
    with FaultyProxy(s3[1]) as proxy:
        use(regolo, s3[0], proxy.url)
        content = register(regolo, top)
        regolo("push")
        proxy.inject("AccessDenied", method="GET", path="list-type=2")
        proxy.hides_missing = True
        regolo("clone", "--yes", str(host), str(tmp_path / "clone"))
        assert (tmp_path / "clone" / "model.bin").read_bytes() == content
        (top / "model.bin").write_bytes(b"2")
        regolo("commit", "m", "model.bin")
        done = regolo("push", status=6)
        refused(done, "denied")
        assert tags(host) == ["m@v1.0"]
        proxy.clear()
        regolo("push")
    assert tags(host) == ["m@v1.0", "m@v1.1"]


def test_a_service_that_ignores_conditions_has_the_store_all_the_same(
    s3: tuple[str, str], host: Path, top: Path, regolo: Regolo, tmp_path: Path
) -> None:
    with FaultyProxy(s3[1]) as proxy:
        proxy.without = ("if-none-match",)
        use(regolo, s3[0], proxy.url)
        content = register(regolo, top)
        regolo("push")
        regolo("clone", "--yes", str(host), str(tmp_path / "clone"))
        assert (tmp_path / "clone" / "model.bin").read_bytes() == content


def test_a_web_server_without_ranges_is_read(host: Path, top: Path, regolo: Regolo, tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    with running_nginx(tmp_path / "web") as server:
        regolo("config", "store.url", str(server.root / "team"))
        (top / "weights").mkdir()
        for number in range(30):
            (top / "weights" / f"{number}.bin").write_bytes(secrets.token_bytes(50_000))
        regolo("register", "m", "weights", "-m", "first")
        regolo("push")
        regolo("config", "store.url", f"{server.url}/no-ranges/team")
        git(top, "push", "-q", "origin", "main")
        regolo("clone", "--yes", str(host), str(tmp_path / "clone"))
        for path in (top / "weights").iterdir():
            assert (tmp_path / "clone/weights" / path.name).read_bytes() == path.read_bytes()
        (top / "weights" / "0.bin").write_bytes(b"2")
        regolo("commit", "m", "weights")
        done = regolo("push", status=2)
        refused(done, "behind a web server")
        assert "and lacks the bytes of 'm@1.1'" in done.err
        assert "hint: git regolo remote add upload URL" in done.err


def test_a_store_behind_a_web_server_is_written_to_by_another_url(
    host: Path, top: Path, regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web").mkdir()
    with running_nginx(tmp_path / "web") as server:
        regolo("config", "store.url", str(server.root / "team"))
        register(regolo, top)
        regolo("push")
        regolo("config", "store.url", f"{server.url}/team")
        git(top, "push", "-q", "origin", "main")
        regolo("clone", "--yes", str(host), str(tmp_path / "clone"))
        monkeypatch.chdir(tmp_path / "clone")
        regolo("promote", "m@1.0", "staging")
        assert "pushed branch main" in regolo("push").err  # it lacks nothing
        monkeypatch.chdir(top)
        git(top, "pull", "-q", "origin", "main")
        git(top, "switch", "-qc", "topic")
        (top / "model.bin").write_bytes(secrets.token_bytes(SIZE))
        regolo("commit", "m", "model.bin")
        git(top, "push", "-q", "origin", "topic")
        git(top, "switch", "-q", "main")
        for _ in range(2):  # its branch is there already, so its bytes hold nothing else back
            assert "lacks the bytes of 'm@1.1': add the URL" in regolo("push").err
        (tmp_path / "other").mkdir()
        regolo("remote", "add", "upload", str(tmp_path / "other"))
        refused(regolo("push", status=6), "is not there")
        regolo("remote", "remove", "upload")
        SharedStore.create(files_at(str(tmp_path / "other")))
        regolo("remote", "add", "upload", str(tmp_path / "other"))
        said = f"'m@1.1' were sent to '{tmp_path / 'other'}', and '{server.url}/team' does not have them"
        assert said in regolo("push").err
        regolo("remote", "remove", "upload")
        regolo("remote", "add", "upload", str(server.root / "team"))
        done = regolo("push")
        assert f"sent 1 artifact (5.2 MB) to {server.root / 'team'}" in done.err
        assert "does not have" not in done.err
        assert "sent" not in regolo("push").err


def test_an_interrupted_pull_goes_on(
    s3: tuple[str, str], host: Path, top: Path, regolo: Regolo, tmp_path: Path
) -> None:
    with FaultyProxy(s3[1]) as proxy:
        use(regolo, s3[0], proxy.url)
        register(regolo, top)
        regolo("push")
        clone = tmp_path / "clone"
        regolo("clone", "--yes", str(host), str(clone))
        content = secrets.token_bytes(SIZE)
        (top / "model.bin").write_bytes(content)
        regolo("commit", "m", "model.bin")
        regolo("push")
        for number in range(2):
            proxy.inject(STALL, path="/chunks/")
            before = proxy.count("GET", "/chunks/")
            process = start_program(clone, "pull", "--yes", own_session=True)
            while proxy.count("GET", "/chunks/") == before and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(2)
            if number:
                process.send_signal(2)
            _, err = process.communicate(timeout=60)
            # The second may come when nothing is left to end in order, and then it ends the process itself.
            assert process.returncode in ((130, -2) if number else (130,))
            assert "Traceback" not in err
            proxy.clear()
        done = run_program(clone, "pull", "--yes")
        assert done.returncode == 0, done.stderr
        assert (clone / "model.bin").read_bytes() == content
        assert run_program(clone, "fsck", "--full").returncode == 0
