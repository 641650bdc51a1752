"""In a repository that a group shares, everything has the modes that git gives it, whatever the umask."""

import os
import shutil
import stat
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git, new_repository, proposal
from support.git_repository import opened
from support.model_files import write_model

from regolo_git.cli.main import run
from regolo_git.git.notes import append_note
from regolo_git.git.sharing import shared_mode

pytestmark = pytest.mark.slow  # CI runs it, too

GROUP = 54321
OBJECTS = ".git/objects/"


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=["022", "077", "002"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def use(regolo: Regolo, top: Path) -> None:
    """Every verb that writes into the repository."""
    regolo("init")
    for number in range(2):
        write_model(top / "model.safetensors", number)
        verb = "commit" if number else "register"
        regolo(verb, "nlp/m", "model.safetensors")
    regolo("promote", "nlp/m@1.0", "production")
    write_model(top / "model.safetensors", 3)
    regolo("commit", "nlp/m", "model.safetensors", "--propose")
    git(top, "merge", "-q", "--ff-only", proposal(top, "nlp/m@1.2"))
    regolo("tag", "--merged")
    for verb in (("list",), ("status",), ("fsck", "--full"), ("doctor",)):
        regolo(*verb)
    repository = opened(top)
    for line in ("a", "b"):
        append_note(repository, git(top, "rev-parse", "HEAD").strip(), "refs/notes/regolo-metrics", line)


def entries(top: Path) -> list[Path]:
    """What is in the Git directory, but not the content of the store, whose modes are the store's."""
    found = sorted((top / ".git").rglob("*"))
    return [path for path in found if "regolo/store/" not in str(path) and "/hooks/" not in str(path)]


def must_have(top: Path, files: int, exactly: bool = False) -> None:
    for path in entries(top):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_dir():
            wanted = files | (files & 0o444) >> 2 | (stat.S_ISGID if files & 0o060 else 0)
        else:
            wanted = files & ~0o222 if not mode & stat.S_IWUSR else files
        wrong = mode & 0o2777 != wanted if exactly and not path.is_dir() else mode & wanted != wanted
        assert not wrong, f"{path}: {mode:o}, not {wanted:o}"


@pytest.mark.parametrize(
    ("value", "files"), [("group", 0o660), ("all", 0o664), ("0660", 0o660), ("true", 0o660), ("0664", 0o664)]
)
def test_everything_is_shared_as_git_shares_it(
    tmp_path: Path, regolo: Regolo, umask: int, value: str, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = new_repository(tmp_path / "top", f"--shared={value}")
    monkeypatch.chdir(top)
    use(regolo, top)
    must_have(top, files, exactly=value.startswith("0"))


def test_a_repository_that_is_shared_later_is_shared_from_the_next_write(
    git_repository: Path, regolo: Regolo, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(git_repository)
    regolo("init")
    write_model(git_repository / "model.safetensors", 1)
    regolo("register", "m", "model.safetensors")
    git(git_repository, "config", "core.sharedRepository", "group")
    before = set(git(git_repository, "rev-list", "--objects", "--all").split())
    write_model(git_repository / "model.safetensors", 2)
    regolo("commit", "m", "model.safetensors")
    new = [line.split()[0] for line in git(git_repository, "rev-list", "--objects", "--all").splitlines()]
    for oid in set(new) - before:
        loose = git_repository / OBJECTS / oid[:2] / oid[2:]
        assert loose.stat().st_mode & 0o040, oid
    ours = git_repository / ".git/regolo"
    for path in (ours, *(path for path in ours.iterdir() if path.is_file())):
        assert path.stat().st_mode & 0o060 == 0o060, path
    assert (git_repository / ".git/refs/tags/m@v1.1").stat().st_mode & 0o060 == 0o060
    assert (git_repository / ".git/refs/heads/main").stat().st_mode & 0o060 == 0o060


def test_the_setting_of_the_whole_system_counts(
    tmp_path: Path, isolated: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(isolated, "config", "--global", "core.sharedRepository", "group")
    monkeypatch.setattr(os, "umask", os.umask)
    before = os.umask(0o077)
    try:
        top = new_repository(tmp_path / "top")
        monkeypatch.chdir(top)
        use(regolo, top)
    finally:
        os.umask(before)
    must_have(top, 0o660)


def test_without_the_setting_the_umask_decides(
    git_repository: Path, regolo: Regolo, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(git_repository)
    use(regolo, git_repository)
    for path in (git_repository / ".git/regolo").rglob("*"):
        assert path.stat().st_mode & umask & 0o777 == 0, path
    lock = git_repository / ".git/regolo/lock"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, 0), ("umask", 0), ("false", 0), ("0", 0), ("group", 0o660), ("GROUP", 0o660), ("1", 0o660),
        ("all", 0o664), ("world", 0o664), ("everybody", 0o664), ("2", 0o664), ("0640", -0o640),
        ("0666", -0o666), ("0777", -0o666), ("0440", 0), ("nonsense", 0),
    ],
)  # fmt: skip
def test_the_setting_is_read_as_git_reads_it(text: str | None, expected: int) -> None:
    assert shared_mode(text) == expected


# -- two users ----------------------------------------------------------------------------------------------


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, regolo: Regolo, git_repository: Path) -> Iterator[Path]:
    """A directory that every user can enter; the program is loaded, because they may not read its files."""
    if os.geteuid() != 0:
        pytest.skip("only root can become two users")
    monkeypatch.chdir(git_repository)
    use(regolo, git_repository)
    made = Path(tempfile.mkdtemp(prefix="regolo-shared-", dir="/tmp"))
    made.chmod(0o755)
    (made / ".gitconfig").write_text("[user]\n\tname = U\n\temail = u@b.c\n[safe]\n\tdirectory = *\n")
    monkeypatch.setenv("HOME", str(made))
    yield made
    monkeypatch.chdir(git_repository)
    shutil.rmtree(made)


def as_user(user: int, umask: int, work: Callable[[], None]) -> None:
    """Does something as another user of the group, in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(GROUP)
            os.setuid(user)
            os.umask(umask)
            tempfile.tempdir = "/tmp"  # that of the tests is closed to other users
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - it is shown, and the status says that there was one
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def must_run(*arguments: str) -> None:
    status = run(arguments)
    assert status == 0, (arguments, sys.stderr.getvalue())  # type: ignore[attr-defined]  # captured


@pytest.mark.parametrize("umask_of_both", [0o002, 0o007])
def test_a_second_user_of_the_group_commits_and_promotes(place: Path, umask_of_both: int) -> None:
    top = place / "top"
    top.mkdir()
    os.chown(top, 20001, GROUP)
    top.chmod(0o2770)

    def first() -> None:
        new_repository(top, "--shared=group")
        os.chdir(top)
        must_run("init")
        (top / "model.bin").write_bytes(b"1")
        must_run("register", "m", "model.bin")

    def second() -> None:
        os.chdir(top)
        (top / "other.bin").write_bytes(b"2")
        must_run("commit", "m", "other.bin")
        must_run("promote", "m@1.1", "staging")
        must_run("list", "m")
        git(top, "log", "--oneline")

    def first_again() -> None:
        os.chdir(top)
        (top / "model.bin").write_bytes(b"3")
        must_run("commit", "m", "model.bin")
        must_run("promote", "m@1.2", "staging")

    as_user(20001, umask_of_both, first)
    as_user(20002, umask_of_both, second)
    as_user(20001, umask_of_both, first_again)
    assert git(top, "rev-list", "--count", "main").strip() == "6"


def test_a_second_user_works_in_a_bare_repository_whatever_the_umask(place: Path) -> None:
    top = place / "top.git"
    top.mkdir()
    os.chown(top, 20001, GROUP)
    top.chmod(0o2770)
    when = datetime(2026, 1, 2, tzinfo=UTC)

    def work(first: bool) -> Callable[[], None]:
        def publish() -> None:
            from support.git_repository import publish_version

            if first:
                new_repository(top, "--bare", "--shared=group")
            os.chdir(top)
            publish_version(top, "m", "1.0" if first else "1.1")
            append_note(opened(top), git(top, "rev-parse", "main").strip(), "refs/notes/regolo", f"{when}")
            git(top, "log", "--oneline", "main")

        return publish

    as_user(20001, 0o077, work(first=True))
    as_user(20002, 0o077, work(first=False))
    assert git(top, "tag", "--list").split() == ["m@v1.0", "m@v1.1"]
