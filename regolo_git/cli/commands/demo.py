"""`regolo-git demo`: two versions of a small real model, from training to a rollback by a canary."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click

from regolo_git.cli.demo_model import TrainedModel, requests, require_libraries, save, train
from regolo_git.cli.demo_server import send_until, server
from regolo_git.cli.interrupts import interrupted_by_signals, uninterrupted
from regolo_git.cli.streams import paint, put, talk
from regolo_git.errors import Conflict, MissingDependency, ServingError
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.dependencies import require_serve_extra
from regolo_git.serving.endpoint_metrics import endpoint_metrics

HIDDEN = 48
SERVE = ("--canary", "--allow-code", "digits")
DECIDES_SECONDS = 60.0


@click.command()
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
def demo(directory: Path | None) -> None:
    """Train two versions of a small network, serve both, and have a canary roll the worse one back.

    Takes less than a minute.  Shows each command that it runs: how the versions are created, compared,
    checked out and promoted, then 90 % of real requests for one and 10 % for the other on a free port of
    this machine, and what the server measures and decides.  Stops the server at the end and, also
    where it is stopped or fails, says how to remove what it made.

    Works in DIRECTORY, which must be empty or not exist (default: a new temporary directory), and keeps it.

    \b
    Examples:
      regolo-git demo
      regolo-git demo /tmp/demo

    Exit status: 0 success; 4 the directory is not empty; 7 the server does not start, or decides nothing; 9
    scikit-learn, the [serve] extra or git is not installed.
    """
    _refuse_occupied(directory)
    require_libraries()
    require_serve_extra()
    if shutil.which("git") is None:
        raise MissingDependency("'git' is not on PATH", "apt-get install git")
    with interrupted_by_signals():
        _show_all(directory)


def _refuse_occupied(directory: Path | None) -> None:
    if directory is not None and directory.exists() and any(directory.iterdir()):
        raise Conflict(f"'{directory}' is not empty", "regolo-git demo")


def _empty_directory(directory: Path | None) -> Path:
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="regolo-demo-"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()


def _show_all(directory: Path | None) -> None:
    """The whole story; however it ends, it says how to remove what was made."""
    top: Path | None = None
    try:
        with uninterrupted():
            top = _empty_directory(directory)
        _create(top)
        _compare(top)
        _serve(top)
        _end(top)
    except BaseException:
        if top is not None:
            with uninterrupted():
                talk(f"the demo has ended early; to remove what it made: {_removal(top)}")
        raise


# -- the story ----------------------------------------------------------------------------------------------


def _create(top: Path) -> None:
    put(f"A registry in {top}, and a network that learns handwritten digits.")
    _run(top, "git", "init", "--quiet", "--initial-branch", "main")
    for key, value in (("user.name", "Ada Byron"), ("user.email", "ada@example.com")):
        _run(top, "git", "config", key, value)
    for key in ("commit.gpgSign", "tag.gpgSign"):
        # Somebody who signs would be asked for a passphrase, for each commit.
        subprocess.run(["git", "config", key, "false"], cwd=top, check=True, env=_environment())
    _regolo(top, "init")
    (top / "serving.toml").write_text('entry_point = "predict:load"\n')
    first = _train(top, epochs=8, by_brightest=False)
    how = ("--serving", "serving.toml", "-m", "trained for 8 epochs")
    _regolo(top, "register", "digits", "digits", *how, *_metrics(first))
    second = _train(top, epochs=30, by_brightest=True)
    words = "30 epochs, each image scaled by its brightest pixel"
    _regolo(top, "commit", "digits", "digits", "-m", words, *_metrics(second))


def _compare(top: Path) -> None:
    _say("1.1 is the better one, as far as the test data shows.")
    _regolo(top, "list", "digits")
    _regolo(top, "diff", "digits@1.0", "digits@1.1")
    _say("A version is a commit and a tag, so Git compares them, too.")
    _run(top, "git", "--no-pager", "diff", "digits@v1.0", "digits@v1.1", "--", "models")
    _say("Any version comes back byte for byte.")
    _regolo(top, "checkout", "digits@1.0")
    _regolo(top, "checkout", "digits@1.1")


def _serve(top: Path) -> None:
    _say("1.0 goes to production and is served; a canary gives 10 % of the requests to 1.1.")
    _regolo(top, "promote", "digits@1.0", "production")
    _regolo(top, "endpoint", "create", "reader", "digits@1.0", "--environment", "production")
    _regolo(top, "canary", "start", "reader", "digits@1.1", "--steps", "10,50", "--bake", "5s")
    _say(
        "It watches each step for 5 seconds, because this is a demo. Real ones should take minutes or hours:"
    )
    _say("git regolo canary start bakes 10 minutes if you do not say otherwise.", first=False)
    _show("git", "regolo", "serve", *SERVE)
    with server(top, ["--listen", "127.0.0.1:0", *SERVE], _environment()) as address:
        _say(f"Images go to {address}/endpoints/reader/invocations. Some are empty boxes.")
        url = f"{address}/endpoints/reader/invocations"
        answers = send_until(lambda: _is_decided(top), url, requests(), seconds=DECIDES_SECONDS)
        if answers is None:
            raise ServingError(f"the canary has not decided within {DECIDES_SECONDS:.0f} seconds")
        put(f"\n{answers}.")
        _say("1.1 divides by the brightest pixel, and an empty box has none. No test image was empty.")
        _regolo(top, "metrics", "reader", "--window", "1m")
    _say("The server took 1.1 off at once and committed the rollback with its evidence.")
    _run(top, "git", "--no-pager", "log", "-1", "--format=%an: %B")
    _regolo(top, "endpoint", "history", "reader")


def _is_decided(top: Path) -> bool:
    """Whether the canary is over, and the gateway that shows the metrics has taken its version off."""
    with closing(Handle.open(top, {})) as handle:
        if get_endpoint(handle, "reader").candidate is not None:
            return False
        return not endpoint_metrics(handle, "reader").version["1.1"]["weight"]


def _end(top: Path) -> None:
    here, command = f"cd {shlex.quote(str(top))}", _as_typed()
    put(paint("\nNothing is running any more. Where to look:", sys.stdout, bold=True))
    put(f"  {here} && git log")
    put(f"  {here} && {command} show digits")
    put(f"  {here} && {command} serve {' '.join(SERVE)}")
    put("                                       # then open http://127.0.0.1:8080/page")
    put(f"To remove all of it:\n  {_removal(top)}")


def _removal(top: Path) -> str:
    return f"rm -rf {shlex.quote(str(top))}"


# -- the commands -------------------------------------------------------------------------------------------


def _as_typed() -> str:
    """The command to show: the subcommand of git only if the program is on PATH."""
    installed = Path(sys.executable).with_name("regolo-git")
    on_path = shutil.which("git-regolo") is not None or not installed.exists()
    return "git regolo" if on_path else shlex.quote(str(installed))


def _train(top: Path, *, epochs: int, by_brightest: bool) -> TrainedModel:
    _say(f"training {HIDDEN} hidden units for {epochs} epochs")
    trained = train(HIDDEN, epochs, by_brightest=by_brightest)
    save(trained, top / "digits", by_brightest=by_brightest)
    return trained


def _metrics(trained: TrainedModel) -> list[str]:
    return [part for name, value in trained.metrics.items() for part in ("--metric", f"{name}={value}")]


def _say(words: str, *, first: bool = True) -> None:
    lead = "\n" if first else ""
    put(f"{lead}# {words}")


def _show(*words: str) -> None:
    put(paint(f"\n$ {shlex.join(words)}", sys.stdout, bold=True))
    sys.stdout.flush()


def _environment() -> dict[str, str]:
    """The user's, without what would send a command to another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "REGOLO_"))}
    return {**kept, "GIT_PAGER": "cat"}


def _regolo(top: Path, *arguments: str) -> None:
    # Runs under this interpreter, because the script may not be on PATH.
    _run(top, "git", "regolo", *arguments, program=[sys.executable, "-m", "regolo_git", *arguments])


def _run(top: Path, *shown: str, program: list[str] | None = None) -> None:
    _show(*shown)
    done = subprocess.run(program or shown, cwd=top, check=False, env=_environment())
    if done.returncode:
        raise ServingError(f"'{shlex.join(shown[:3])}' ended with status {done.returncode}")
