"""Completion: in this process as the shells ask for it, and in real shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.places import ROOT
from support.terminal import in_shell

from regolo_git.cli.command_names import COMPLETE_VARIABLE
from regolo_git.cli.completion_scripts import SHELLS
from regolo_git.cli.main import run

GIT_COMPLETION = Path("/usr/share/bash-completion/completions/git")


@pytest.fixture
def complete(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def ask(*words: str) -> list[str]:
        capsys.readouterr()
        monkeypatch.setenv(COMPLETE_VARIABLE, "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["regolo-git", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit):
            run([], "regolo-git")
        return [line.partition(",")[2] for line in capsys.readouterr().out.split()]

    return ask


def test_commands_are_completed(complete) -> None:  # type: ignore[no-untyped-def]
    assert complete("re") == ["register", "review", "revert", "renumber", "retire", "remote"]


def test_models_and_versions_are_completed(complete, two_versions: Path) -> None:  # type: ignore[no-untyped-def]
    assert complete("show", "") == ["m", "m@"]
    assert complete("retire", "") == ["m@"]
    assert complete("log", "") == complete("list", "") == complete("revert", "") == ["m"]
    assert complete("show", "m@") == ["m@1.1", "m@1.0", "m@latest"]
    assert complete("serve", "m@1.") == ["m@1.1", "m@1.0"]
    assert complete("remove", "m@1") == ["m@1.1", "m@1.0"]
    assert complete("revert", "m", "--to", "1.") == ["1.1", "1.0"]
    assert complete("diff", "m@1.0", "1") == ["1.1", "1.0"]
    assert complete("commit", "m", "--from", "") == ["1.1", "1.0"]


def test_environments_endpoints_and_keys_are_completed(  # type: ignore[no-untyped-def]
    complete, regolo: Regolo, two_versions: Path
) -> None:
    regolo("promote", "m@1.0", "canary", "--yes")
    regolo("endpoint", "create", "reviews", "m@1.0")
    regolo("config", "--local", "regolo.remote.old.url", "/nowhere")
    assert complete("promote", "m@1.0", "") == ["staging", "production", "canary"]
    assert complete("history", "m", "st") == ["staging"]
    assert complete("show", "m@c") == ["m@canary"]
    assert complete("endpoint", "create", "other", "m@1.0", "--environment", "c") == ["canary"]
    assert complete("traffic", "") == ["reviews"]
    assert complete("traffic", "reviews", "") == ["1.1=", "1.0="]
    assert complete("rollback", "reviews", "--to", "1.") == ["1.1", "1.0"]
    assert complete("serve", "r") == ["reviews"]
    assert complete("config", "store.") == [
        f"store.{key}" for key in ("url", "endpoint", "region", "write", "digest")
    ]
    assert complete("config", "environments.canary.r") == [
        "environments.canary.replicas",
        "environments.canary.requires",
    ]
    assert "environments.production.gates.signed" in complete("config", "environments.p")
    assert complete("config", "--local", "regolo.remote.") == [
        f"regolo.remote.old.{key}" for key in ("url", "endpoint", "region")
    ]


def test_names_inside_versions_are_completed(complete, regolo: Regolo, two_versions: Path) -> None:  # type: ignore[no-untyped-def]
    regolo("commit", "m", "--from", "1.1", "--yes", "--meta", "licence=mit", "--param", "lr=0.1")
    regolo("evaluate", "m@1.0", "--metric", "gap=0.1")
    regolo("label", "m@1.0", "lang=en")
    assert complete("list", "m", "--metric", "") == ["accuracy", "gap", "ms"]
    assert complete("list", "m", "--sort", "a") == ["accuracy"]
    assert complete("list", "m", "--label", "l") == ["lang=", "lang=en"]
    assert complete("log", "m", "--metric", "g") == ["gap"]
    assert complete("blame", "HEAD:m", "ac") == ["accuracy"]
    assert complete("evaluate", "m@1.1", "--metric", "m") == ["ms="]
    assert complete("commit", "m", "--metric", "a") == ["accuracy="]
    assert complete("commit", "m", "--meta", "l") == ["licence="]
    assert complete("commit", "m", "--param", "") == ["lr="]
    assert complete("label", "m@1.0", "la") == ["lang=", "lang=en"]
    assert complete("label", "m@1.0", "--remove", "") == ["lang"]
    for words in (
        ("list", "nothing", "--metric", ""),
        ("list", "--metric", ""),
    ):
        assert complete(*words) == []


def test_a_retired_version_is_not_completed_where_it_is_refused(  # type: ignore[no-untyped-def]
    complete, regolo: Regolo, two_versions: Path
) -> None:
    regolo("endpoint", "create", "reviews", "m@1.0")
    regolo("retire", "m@1.1", "-m", "wrong data", "--yes")
    assert complete("rollback", "reviews", "--to", "1.") == ["1.0"]
    assert complete("traffic", "reviews", "") == ["1.0="]


def test_completion_outside_a_registry_is_silent(complete, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    assert complete("show", "") == []


def test_completion_looks_where_the_command_would(complete, two_versions: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir("/")
    assert complete("-C", str(two_versions), "show", "") == ["m", "m@"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script(regolo: Regolo, shell: str) -> None:
    script = regolo("completion", shell).out
    assert COMPLETE_VARIABLE in script
    assert "regolo-git" in script


def test_other_shells_are_refused(regolo: Regolo) -> None:
    assert "'tcsh'" in regolo("completion", "tcsh", status=2).err


@pytest.mark.slow  # CI runs it, too
@pytest.mark.skipif(not GIT_COMPLETION.exists(), reason="git's completion for bash is not installed")
@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("regolo-git sho", ["show"]),
        ("regolo-git show m@1.", ["@1.1", "@1.0"]),
        ("git regolo sho", ["show"]),
        ("git regolo show m@1.", ["@1.1", "@1.0"]),
        ("git -C . regolo diff m@1.0 lat", ["latest"]),
        ("git regolo retire ", ["m@", "no-blank"]),
        ("regolo-git retire m", ["m@", "no-blank"]),
        ("git regolo log ", ["m"]),
        ("git regolo commit m --metric acc", ["accuracy=", "no-blank"]),
    ],
)
def test_bash_completes_a_line(two_versions: Path, tmp_path: Path, line: str, answers: list[str]) -> None:
    shell = f"""
        shopt -s hostcomplete; COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:'
        source {GIT_COMPLETION} 2>/dev/null
        eval "$(regolo-git completion bash)"
        compopt() {{ if [[ "$1 $2" == "-o nospace" ]]; then blank=no-blank; fi }}
        COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}
        {"_git_regolo" if line.startswith("git") else "_regolo_git_completion"}
        printf '%s\\n' "${{COMPREPLY[@]}}" $blank
    """
    assert answers_of("bash", shell, two_versions, tmp_path) == answers


@pytest.mark.slow  # CI runs it, too
@pytest.mark.parametrize("setting", ["", "shopt -u hostcomplete", "COMP_WORDBREAKS=${COMP_WORDBREAKS//@}"])
def test_bash_puts_a_version_where_it_was_begun(two_versions: Path, tmp_path: Path, setting: str) -> None:
    """What is on the line afterwards, which readline decides: bash takes `@` for the start of a host's name."""
    begun = ["show m@1.1", "show m@lat", "show m@1", "diff m@1.0 1", "revert m --to 1.0"]
    with in_shell(["bash", "--norc", "-i"], two_versions, with_program(tmp_path)) as type_in:
        type_in(f"{setting}\n")
        type_in('eval "$(regolo-git completion bash)"\n')
        for words in begun:
            type_in(f"regolo-git {words}\t\001echo 'now' \n")
        text = type_in("exit\n")
    lines = [line.partition("now regolo-git ")[2] for line in text.splitlines() if line.startswith("now ")]
    assert lines == ["show m@1.1", "show m@latest", "show m@1.", "diff m@1.0 1.", "revert m --to 1.0"]


def with_program(tmp_path: Path) -> dict[str, str]:
    """An environment with `regolo-git` on its path."""
    program = tmp_path / "bin" / "regolo-git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m regolo_git "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def answers_of(shell: str, script: str, top: Path, tmp_path: Path) -> list[str]:
    """What a shell prints with `regolo-git` on its path and no start-up files of its own."""
    environment = with_program(tmp_path)
    plain = {"bash": "--norc", "zsh": "-f", "fish": "--private"}[shell]  # home is empty
    done = subprocess.run(
        [shell, plain, "-c", script], cwd=top, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout.split() or [done.stderr]


@pytest.mark.slow  # CI runs it, too
@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("regolo-git show m@1.", ["m@1.0", "m@1.1"]),
        ("git regolo show m@1.", ["m@1.1", "m@1.0"]),
        ("git regolo revert m --to 1", ["1.1", "1.0"]),
        ("git -C . regolo diff m@1.0 lat", ["latest"]),
        ("git regolo retire ", ["m@"]),
        ("git regol", ["regolo"]),
        ("git commit -m regolo m@", [""]),
    ],
)
def test_fish_completes_a_line(two_versions: Path, tmp_path: Path, line: str, answers: list[str]) -> None:
    script = f"regolo-git completion fish | source; complete -C '{line}' | cut -f1"
    assert answers_of("fish", script, two_versions, tmp_path) == answers


@pytest.mark.slow  # CI runs it, too
@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes_a_line(two_versions: Path, tmp_path: Path) -> None:
    # The function that zsh's completion of git calls, with the words that it hands over.
    script = """
        compdef() { : }
        compadd() { if [[ "$*" == *-S* ]]; then print no-blank; fi; print -l -- ${(P)argv[-1]} }
        zstyle ':completion:*:*:git:*' user-commands 'mine:my own'
        eval "$(regolo-git completion zsh)"
        words=(regolo show m@1.) CURRENT=3
        _git-regolo
        words=(regolo show m) CURRENT=3
        _git-regolo
        zstyle -a ':completion:*:*:git:*' user-commands named; print -l -- ${named%%:*}
    """
    answers = answers_of("zsh", script, two_versions, tmp_path)
    assert answers == ["m@1.1", "m@1.0", "no-blank", "m@", "m", "mine", "regolo"]
