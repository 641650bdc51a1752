"""A store in a directory of a group works for the whole group, whatever the umask of each member."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.cli.main import run
from regolo_git.store.files.local import LocalFiles

GROUP = 54_321
ADA, BEN, EVE = 54_001, 54_002, 54_003  # Eve is not in the group


def modes(root: Path) -> dict[str, int]:
    return {
        str(path.relative_to(root)): stat.S_IMODE(path.lstat().st_mode) for path in [root, *root.rglob("*")]
    }


@pytest.fixture(params=[0o022, 0o077, 0o027, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize(
    ("root_mode", "directories", "files"),
    [
        (0o2775, 0o2775, 0o444),
        (0o2770, 0o2770, 0o440),
        (0o0755, 0o0755, 0o444),
        (0o0700, 0o0700, 0o400),
        (0o2750, 0o2750, 0o440),
        (0o3777, 0o3777, 0o444),
    ],
)
def test_new_files_have_the_permissions_of_the_root(
    tmp_path: Path, umask: int, root_mode: int, directories: int, files: int
) -> None:
    root = tmp_path / "store"
    root.mkdir()
    root.chmod(root_mode)
    store = LocalFiles(root)
    store.create_root()
    store.create("format.toml", b"1")
    store.put("chunks/ab/abc", b"1")
    store.put("chunks/ab/large", bytes(3 << 20))
    store.scratch_directory()
    store.move("chunks/ab/abc", "quarantine/deep/abc")
    found = modes(root)
    for path, mode in found.items():
        wanted = root_mode if path == "." else directories if (root / path).is_dir() else files
        assert mode == wanted, path
    assert {"chunks", "chunks/ab", "tmp", "quarantine", "quarantine/deep"} < found.keys()


def test_a_new_root_is_of_the_group_of_the_directory_that_it_is_created_in(
    tmp_path: Path, umask: int
) -> None:
    team = tmp_path / "team"
    team.mkdir()
    team.chmod(0o2775)
    LocalFiles(team / "models" / "store").create_root()
    assert modes(team)["models/store"] & 0o2070 == 0o2070


@pytest.mark.parametrize(
    ("shared", "directories", "files"),
    [
        ("group", 0o2770, 0o440),
        ("true", 0o2770, 0o440),
        ("1", 0o2770, 0o440),
        ("all", 0o2775, 0o444),
        ("0660", 0o2770, 0o440),
        ("0664", 0o2775, 0o444),
        ("0640", 0o2750, 0o440),
        ("umask", 0o700, 0o400),
        (None, 0o700, 0o400),
    ],
)
def test_the_default_store_follows_the_sharing_of_the_repository(
    git_repository: Path, shared: str | None, directories: int, files: int
) -> None:
    before = os.umask(0o077)
    try:
        if shared is not None:
            git(git_repository, "config", "core.sharedRepository", shared)
        with Registry.init(git_repository) as registry:
            registry.register_model("m", model_data=b"weights")
        store = git_repository / ".git/regolo/store"
        found = modes(store)
        assert "tmp" in found
        for path, mode in found.items():
            own = directories & 0o666 if path == "lock" else files  # all writers append to it
            assert mode == (directories if (store / path).is_dir() else own), path
    finally:
        os.umask(before)


def test_directories_that_shut_out_the_group_are_opened_by_their_owner(tmp_path: Path) -> None:
    for name in ("store", "store/chunks", "store/chunks/ab", "store/tmp"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "store").chmod(0o2770)
    LocalFiles(tmp_path / "store").put("chunks/ab/abc", b"1")
    assert modes(tmp_path / "store")["chunks/ab"] == 0o2770


def as_user(user: int, umask: int, top: Path, *arguments: str) -> tuple[int, str]:
    """Runs a command line as another user, in a process that has imported all it needs: files may be closed."""
    log = top.parent / "log"
    child = os.fork()
    if not child:
        status = 99
        try:
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), 2)
            sys.stderr = os.fdopen(2, "w", buffering=1)
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
            os.environ["HOME"] = tempfile.tempdir = str(top.parent)
            os.setgroups([GROUP] if user in (ADA, BEN) else [])
            os.setgid(user)
            os.setuid(user)
            os.umask(umask)
            os.chdir(top)
            status = run(arguments)
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended), log.read_text()


def repository_of(user: int, place: Path) -> Path:
    top = place / "registry"
    subprocess.run(["git", "init", "-q", "-b", "main", top], check=True)
    (place / ".gitconfig").write_text("[user]\n\tname = Ada Byron\n\temail = ada@example.com\n")
    (top / "model.bin").write_bytes(f"weights of {user}\n".encode() * 1000)
    (top / "common.bin").write_bytes(b"the same for everybody\n" * 1000)
    for path in [place, *place.rglob("*")]:
        os.chown(path, user, user)
    return top


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act for others")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_two_members_of_a_group_use_one_store(umask: int, isolated: Path) -> None:
    # Outside of the directories of pytest, which are closed to other users.
    top = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp") / f"regolo-{os.getpid()}-{umask:o}"
    top.mkdir(mode=0o755)
    try:
        store = top / "store"
        store.mkdir()
        os.chown(store, 0, GROUP)
        store.chmod(0o2770)
        (top / "root").mkdir()
        warm = repository_of(0, top / "root")
        lines = [
            ["init"],
            ["config", "--local", "regolo.store", str(store)],
            ["register", "m", "model.bin"],
            ["register", "common", "common.bin"],
            ["fsck", "--full"],
            ["doctor"],
            ["commit", "common", "common.bin", "--yes"],
            ["checkout", "common@1.0", "--force"],
        ]
        os.chdir(warm)
        for line in lines:
            assert run([word.replace(str(store), str(top / "other")) for word in line]) == 0
        clones = {}
        for user in (ADA, BEN, EVE):
            (top / str(user)).mkdir()
            clones[user] = repository_of(user, top / str(user))
        for user in (ADA, BEN):
            for line in lines[:6]:
                done = as_user(user, umask, clones[user], *line)
                assert done[0] == 0, (user, line, done[1])
        for chunk in (store / "chunks").glob("??/*"):  # damaged: another member replaces it
            os.truncate(chunk, 3)
        assert as_user(BEN, umask, clones[BEN], *lines[6])[0] == 0
        assert as_user(ADA, umask, clones[ADA], *lines[7])[0] == 0
        assert as_user(EVE, umask, clones[EVE], "init")[0] == 0
        status, said = as_user(EVE, umask, clones[EVE], *lines[1])
        assert (status, "permission denied" in said) == (6, True)
    finally:
        os.chdir("/")
        shutil.rmtree(top)
