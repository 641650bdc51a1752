"""`regolo-git demo`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.places import PYTHONPATH
from support.program import run_program
from support.running_engine import PATIENCE_SECONDS, until

from regolo_git.cli.demo_model import train

pytestmark = pytest.mark.slow

HELD = """
import os, sys, time
from pathlib import Path
from regolo_git.cli.demo_server import server
from regolo_git.cli.interrupts import interrupted_by_signals
with interrupted_by_signals(), server(Path(sys.argv[1]), ["--listen", "127.0.0.1:0"], os.environ) as address:
    print(address, flush=True)
    time.sleep(60)
"""


def servers_in(top: Path) -> list[int]:
    """The processes that work in a directory or below."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and int(entry.name) != os.getpid()
                and (entry / "cwd").readlink().is_relative_to(top)
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_the_demo_leaves_a_registry_with_two_versions_to_look_at(tmp_path: Path) -> None:
    top = tmp_path / "demo"
    done = run_program(tmp_path, "demo", str(top))
    assert done.returncode == 0, done.stderr
    assert git(top, "tag", "--list").split() == ["digits@v1.0", "digits@v1.1"]
    assert "\n$ git regolo diff digits@1.0 digits@1.1\n" in done.stdout
    assert f"cd {top} && " in done.stdout
    assert done.stdout.endswith(f"To remove all of it:\n  rm -rf {top}\n")
    assert "latency_ms" in done.stdout
    assert "stderr" in git(top, "show", "HEAD:models/digits/manifest.toml")
    assert "Regolo-Evidence: error_rate is worse" in done.stdout
    assert '"1.0" = 1.0' in (top / "endpoints/reader.toml").read_text()
    assert "rejected = [" in (top / "endpoints/reader.toml").read_text()
    assert [line for line in done.stdout.splitlines() if line.startswith("1.1 ") and " 0%" in line]
    assert servers_in(top) == []
    more = run_program(top, "log", "digits", "--plain").stdout
    assert "accuracy" in more


def test_ctrl_c_ends_the_training_wherever_it_is() -> None:
    interrupts = []

    def interrupt(*_: object) -> None:
        interrupts.append(time.monotonic())
        raise KeyboardInterrupt

    def interrupted_training() -> None:
        # Should the first be lost, the second ends the test; a slow machine answers the first before it.
        signal.setitimer(signal.ITIMER_REAL, 0.1, 10)
        try:
            train(48, 10_000, by_brightest=False)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    train(48, 1, by_brightest=False)  # what is imported is there now
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(6):
            interrupts.clear()
            with pytest.raises(KeyboardInterrupt):
                interrupted_training()
            assert len(interrupts) == 1
    finally:
        signal.signal(signal.SIGALRM, before)


def test_the_demo_works_in_an_empty_directory_only(regolo: Regolo, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    assert "is not empty" in regolo("demo", str(tmp_path), status=4).err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_demo_says_what_it_trains_with(
    regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)  # as where it is not installed
    refused = regolo("demo", str(tmp_path / "demo"), status=9)
    assert refused.err.endswith("hint: pip install 'regolo-git[demo]'\n")
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_its_server_ends_with_it(registry: Path, number: int) -> None:
    command = [sys.executable, "-c", HELD, str(registry)]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    held = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    assert held.stdout is not None
    assert held.stdout.readline().startswith(b"http://127.0.0.1:"), held.communicate()[1]
    assert servers_in(registry)
    held.send_signal(number)
    held.communicate(timeout=PATIENCE_SECONDS)
    until(lambda: not servers_in(registry))


def begun(tmp_path: Path, *before: str) -> subprocess.Popen[str]:
    """The demo in a process of its own, with a directory for temporary files; `before` is what starts it."""
    (tmp_path / "temporary").mkdir()
    return subprocess.Popen(
        [*before, sys.executable, "-m", "regolo_git", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PYTHONPATH, "TMPDIR": str(tmp_path / "temporary")},
    )


def made(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "temporary").glob("regolo-demo-*"))


# Before anything runs there, while Git runs, while a network is trained, and while a version is stored.
MOMENTS = [
    ("A registry in", signal.SIGTERM),
    ("$ git init", signal.SIGHUP),
    ("# training", signal.SIGINT),
    ("$ git regolo register", signal.SIGTERM),
]


@pytest.mark.parametrize(("moment", "number"), MOMENTS)
def test_whenever_it_is_stopped_it_says_what_to_remove(tmp_path: Path, moment: str, number: int) -> None:
    demo = begun(tmp_path)
    assert demo.stdout is not None
    while moment not in (line := demo.stdout.readline()):
        assert line, demo.communicate()[1]
    demo.send_signal(number)
    _, told = demo.communicate(timeout=60)
    (top,) = made(tmp_path)
    assert f"to remove what it made: rm -rf {top}\n" in told
    assert "Traceback" not in told
    assert demo.returncode == 130
    until(lambda: not servers_in(top))


def test_it_outlives_a_terminal_that_it_is_to_outlive(tmp_path: Path) -> None:
    demo = begun(tmp_path, "nohup")
    assert demo.stdout is not None
    demo.stdout.readline()
    demo.send_signal(signal.SIGHUP)
    assert "training" in "".join(demo.stdout.readline() for _ in range(12))
    demo.terminate()
    assert str(made(tmp_path)[0]) in demo.communicate(timeout=60)[1]


def test_where_it_cannot_go_on_it_says_what_to_remove(tmp_path: Path) -> None:
    # As on a full disk, for every file that is larger.
    command = f"ulimit -f 8; exec {sys.executable} -m regolo_git demo {tmp_path / 'demo'}"
    # Python 3.11 would keep a compiled module that was cut off at the limit.
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode not in (0, 130)
    assert f"to remove what it made: rm -rf {tmp_path / 'demo'}\n" in done.stderr
    assert "error: the file is larger than the limit on file sizes\n" in done.stderr
