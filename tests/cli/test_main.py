"""The entry point: errors in words, exit statuses, where the talk goes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.places import ROOT
from support.program import run_program

from regolo_git import __version__
from regolo_git.cli.main import program_name


@pytest.mark.parametrize("asked", ["--version", "-V", "version"])
def test_the_version_is_data(regolo: Regolo, asked: str) -> None:
    assert regolo(asked).out == f"regolo-git {__version__}\n"


def test_help_needs_no_registry(regolo: Regolo) -> None:
    assert regolo("-h").out == regolo("--help").out == regolo("help").out


@pytest.mark.parametrize("command", ["commit", "endpoint create", "remove"])
def test_help_of_a_command_is_that_of_its_option(regolo: Regolo, command: str) -> None:
    words = command.split()
    assert regolo("help", *words).out == regolo(*words, "-h").out


def test_help_of_an_unknown_command_suggests_one(regolo: Regolo) -> None:
    assert "unknown command 'comit'\nhint: git regolo commit" in regolo("help", "comit", status=2).err


def test_an_interrupt_at_any_moment_shows_no_traceback(two_versions: Path) -> None:
    for delay in (0.01, 0.03, 0.05, 0.07, 0.1, 0.15):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from regolo_git.cli.entry import main; print(flush=True); main()",
                "list",
            ],
            cwd=two_versions,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert said.strip() in ("", "error: interrupted")
        assert process.returncode in (0, 130, -signal.SIGINT)


IN_A_CALLBACK = """
import signal, sys, time, weakref
from regolo_git.cli import main

class Held: pass

def run(arguments, name):
    held = Held()
    kept = weakref.ref(held, lambda _: signal.raise_signal(signal.SIGINT))
    del held
    time.sleep(10)
    return 0

main.run = run
main.main(answers_interrupts=True)
"""


SLOWLY = """
import threading, time
started = threading.Thread.start

def start(thread):
    started(thread)
    time.sleep(0.05)

threading.Thread.start = start
"""


@pytest.mark.parametrize("before", ["", SLOWLY], ids=["at once", "on a busy machine"])
def test_an_interrupt_in_a_callback_is_not_lost(before: str) -> None:
    done = interpreted(before + IN_A_CALLBACK)
    assert (done.returncode, done.stderr) == (130, "")


def interpreted(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


TAKEN_FOR_A_FAILURE = """
import signal
from regolo_git.cli import main

def fails(*_, **__):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise ImportError("could not import module '_socket'") from None

main.group.main = fails
main.main(answers_interrupts=True)
"""


def test_an_interrupt_that_a_library_takes_for_a_failure_is_one(isolated: Path) -> None:
    done = interpreted(TAKEN_FOR_A_FAILURE)
    assert (done.returncode, done.stderr) == (130, "")


def test_an_unknown_command_names_its_neighbour(regolo: Regolo) -> None:
    outcome = regolo("lits", status=2)
    assert outcome.err == "error: unknown command 'lits'\nhint: git regolo list\n"
    assert outcome.out == ""


def test_an_unknown_option_points_to_the_help(regolo: Regolo) -> None:
    outcome = regolo("list", "--unheard-of", "x", status=2)
    assert outcome.err.startswith("error: no such option")
    assert outcome.err.endswith("hint: git regolo list -h\n")


def test_a_wrong_reference_says_what_one_looks_like(regolo: Regolo) -> None:
    outcome = regolo("show", "m@@1", status=2)
    assert "is not a reference" in outcome.err
    assert "MODEL@1.0" in outcome.err


def test_outside_a_repository_the_next_step_is_git_init(
    regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert regolo("list", status=3).err.endswith("hint: git init\n")


def test_in_a_plain_repository_the_next_step_is_init(regolo: Regolo, top: Path) -> None:
    assert regolo("list", status=3).err.endswith("hint: git regolo init\n")


def test_it_works_in_another_directory(
    regolo: Regolo, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert (
        regolo("-C", str(registry.parent), "-C", registry.name, "config", "registry.branch").out == "main\n"
    )


def test_a_directory_that_is_not_there_is_bad_input(regolo: Regolo, tmp_path: Path) -> None:
    assert "cannot change to directory" in regolo("-C", str(tmp_path / "none"), "list", status=2).err


def test_debug_shows_where_an_error_comes_from(regolo: Regolo, top: Path) -> None:
    assert "Traceback" not in regolo("list", status=3).err
    assert "Traceback" in regolo("--debug", "list", status=3).err


def test_something_unexpected_is_short_and_says_how_to_report(
    regolo: Regolo, monkeypatch: pytest.MonkeyPatch, registry: Path
) -> None:
    monkeypatch.setenv("REGOLO_DEBUG", "0")
    (registry / ".git" / "regolo" / "statuses.json").unlink(missing_ok=True)
    monkeypatch.setattr("regolo_git.cli.commands.list.summarize_models", lambda _: 1 / 0)
    outcome = regolo("list", status=1)
    assert outcome.err == (
        "error: unexpected ZeroDivisionError: division by zero\n"
        "hint: rerun with REGOLO_DEBUG=1 and report the traceback\n"
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/bin/regolo-git", "regolo-git"),
        ("/usr/bin/git-regolo", "git regolo"),
        ("__main__.py", "git regolo"),
    ],
)
def test_the_help_calls_us_as_we_were_called(path: str, name: str) -> None:
    assert program_name(path) == name


def test_a_closed_pipe_ends_quietly(two_versions: Path) -> None:
    command = f"{sys.executable} -m regolo_git log m --json | true; echo ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command], cwd=two_versions, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "141")


@pytest.mark.parametrize("both", [False, True], ids=["stdout", "stdout and stderr"])
@pytest.mark.parametrize(
    "line",
    [
        "list",
        "list m",
        "list m --json",
        "show m",
        "log m --plain",
        "diff m",
        "status",
        "-h",
        "list -h",
    ],
)
def test_a_reader_that_is_gone_ends_every_verb_as_it_ends_git(
    two_versions: Path, line: str, both: bool
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "regolo_git", *line.split()],
        cwd=two_versions, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
        stdout=writer, stderr=writer if both else subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == 141
    assert not done.stderr


def test_an_error_keeps_its_status_without_a_reader(two_versions: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "regolo_git", "show", "missing"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=two_versions,
        env=environment,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 3
    assert "error: there is no model 'missing'" in done.stderr


def test_a_terminal_that_knows_ascii_only_still_gets_every_name(two_versions: Path) -> None:
    done = run_program(two_versions, "show", "m", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
