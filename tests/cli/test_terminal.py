"""What a person sees: colour, width, questions, progress; each in a real terminal."""

import re
from pathlib import Path

import pytest
from support.git_program import git
from support.model_files import write_model
from support.program import run_program, run_python
from support.terminal import in_terminal, several_in_terminal, without_escapes

pytestmark = pytest.mark.slow  # CI runs it, too

GREEN, YELLOW, BOLD = "\x1b[32m", "\x1b[33m", "\x1b[1m"


def card(top: Path) -> None:
    """Says in the model's card which direction of its accuracy is better."""
    with (top / "models/m/model.toml").open("a", encoding="utf-8") as file:
        file.write('\n[metrics.accuracy]\ndirection = "higher"\ntolerance_abs = 0.01\n')
    git(top, "commit", "-qam", "the direction of accuracy")


def test_a_terminal_gets_colour_and_signs(two_versions: Path) -> None:
    text, status = in_terminal("diff", "m", cwd=two_versions)
    assert status == 0
    assert "higher (better?)" in text
    card(two_versions)
    assert f"{GREEN}▲ better" in in_terminal("diff", "m", cwd=two_versions)[0]
    assert "m  1.0 → 1.1" in without_escapes(text)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CLICOLOR": "0"}])
def test_colour_can_be_refused(two_versions: Path, environment: dict[str, str]) -> None:
    lines = (["diff", "m"], ["list"], ["show", "m"], ["log", "m"], ["status"])
    for text in several_in_terminal(*lines, cwd=two_versions, **environment):
        assert text
        assert "\x1b" not in text


def test_forced_colour_wins_over_a_dumb_terminal(two_versions: Path) -> None:
    card(two_versions)
    text, _ = in_terminal("diff", "m", cwd=two_versions, TERM="dumb", FORCE_COLOR="1")
    assert GREEN in text


def test_a_narrow_terminal_cuts_the_message_only(two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    message = "a message that is far longer than any terminal of fifty or sixty columns is wide"
    in_terminal("commit", "m", "model.safetensors", "-m", message, cwd=two_versions)
    text, _ = in_terminal("list", "m", cwd=two_versions, columns=72)
    line = without_escapes(text).splitlines()[1]
    assert len(line) <= 72
    assert line.startswith("1.2      ready")
    assert "Ada Byron" in line
    assert line.rstrip().endswith("…")


LONG_NAME = "nlp/encoders/multilingual/a-name-that-is-longer-than-any-terminal-of-eighty-columns"


def test_the_subject_of_a_row_is_never_cut(two_versions: Path) -> None:
    write_model(two_versions / "other.safetensors", 3)
    in_terminal("register", LONG_NAME, "other.safetensors", cwd=two_versions)
    for columns in (60, 80, 120):
        lines = (["list"], ["status"], ["describe"], ["show", LONG_NAME])
        for shown in several_in_terminal(*lines, cwd=two_versions, columns=columns):
            assert LONG_NAME in without_escapes(shown)
            assert "1.0" in shown


def test_a_table_too_wide_has_its_rows_side_by_side(two_versions: Path) -> None:
    in_terminal("endpoint", "create", "e", "m@1.0", cwd=two_versions)
    in_terminal("traffic", "e", "1.0=90", "1.1=10", cwd=two_versions)
    lines = without_escapes(in_terminal("metrics", "e", cwd=two_versions)[0]).splitlines()
    assert lines[2:5] == ["VERSION     1.0  1.1", "WEIGHT      90%  10%", "SHARE       -    -"]
    lines = without_escapes(in_terminal("metrics", "e", cwd=two_versions, columns=120)[0]).splitlines()
    assert lines[2].split()[:3] == ["VERSION", "WEIGHT", "SHARE"]


def test_show_cuts_no_value(two_versions: Path) -> None:
    note = " ".join(f"word{number}" for number in range(40))
    write_model(two_versions / "model.safetensors", 3)
    in_terminal("commit", "m", "model.safetensors", "--meta", f"note={note}", cwd=two_versions)
    shown = without_escapes(in_terminal("show", "m", cwd=two_versions)[0])
    assert "…" not in shown
    assert note in " ".join(shown.split())
    assert git(two_versions, "rev-parse", "HEAD").strip() in shown
    assert max(len(line) for line in shown.splitlines() if "word" in line) <= 80


def test_a_screenful_is_shown_and_the_rest_is_counted(two_versions: Path) -> None:
    before = "import regolo_git.cli.commands.list as listing; listing.SCREENFUL = 1"
    text, _ = in_terminal("list", "m", cwd=two_versions, before=before)
    assert len(without_escapes(text).splitlines()) == 3
    assert "and 1 older version: git regolo list m --all" in text
    text, _ = in_terminal("list", "m", "--all", cwd=two_versions, before=before)
    assert "older" not in text


def test_the_same_bytes_again_are_asked_about(two_versions: Path) -> None:
    question = "Create a version anyway? [y/N]: "
    text, status = in_terminal(
        "commit", "m", "model.safetensors", cwd=two_versions, answers={question: "n\n"}
    )
    assert (status, "cancelled; nothing was changed" in text) == (4, True)
    text, status = in_terminal(
        "commit", "m", "model.safetensors", cwd=two_versions, answers={question: "y\n"}
    )
    assert (status, without_escapes(text).splitlines()[-1]) == (0, "m@1.2")


def test_retiring_is_asked_about(two_versions: Path) -> None:
    answers = {"Retire m@1.0? [y/N]: ": "y\n"}
    text, status = in_terminal("retire", "m@1.0", "-m", "wrong data", cwd=two_versions, answers=answers)
    assert status == 0
    assert "in no other version" in text
    assert "retired" in git(two_versions, "show", "HEAD:models/m/retired.toml")


def test_an_interrupted_question_changes_nothing(two_versions: Path) -> None:
    answers = {"Retire m@1.0? [y/N]: ": "\x03"}
    text, status = in_terminal("retire", "m@1.0", "-m", "wrong data", cwd=two_versions, answers=answers)
    assert status == 130
    assert without_escapes(text).endswith("\nerror: interrupted\n")


def test_an_error_is_red_and_its_hint_is_not(two_versions: Path) -> None:
    text, status = in_terminal("show", "n", cwd=two_versions)
    assert status == 3
    assert text.startswith("\x1b[31m\x1b[1merror:\x1b[0m there is no model 'n'\n")


def test_a_long_job_shows_bytes_rate_and_time_left(two_versions: Path) -> None:
    before = "import regolo_git.cli.progress as progress; progress.PATIENCE_SECONDS = -1"
    text, _ = in_terminal("fsck", "--full", cwd=two_versions, before=before)
    shown = without_escapes(text)
    assert "checking" in shown
    assert "bytes" in shown
    assert "no problems found" in shown.splitlines()[-1]


def test_every_job_that_reads_artifacts_has_a_bar(two_versions: Path) -> None:
    before = "import regolo_git.cli.progress as progress; progress.PATIENCE_SECONDS = -1"
    write_model(two_versions / "model.safetensors", 9)
    jobs = (
        (["status"], "comparing"),
        (["promote", "m@1.0", "staging"], "checking"),
        (["commit", "m", "model.safetensors"], "storing"),
        (["checkout", "m@1.0"], "checking out"),
        (["fsck", "--full"], "checking"),
    )
    texts = several_in_terminal(*(line for line, _ in jobs), cwd=two_versions, before=before)
    for (line, said), shown in zip(jobs, map(without_escapes, texts), strict=True):
        assert f"{said} " in shown, line
        assert "━" in shown, line


@pytest.mark.parametrize(("columns", "there", "gone"), [(70, "checking", "━"), (36, "bytes", "checking ")])
def test_a_narrow_terminal_keeps_the_numbers(two_versions: Path, columns: int, there: str, gone: str) -> None:
    before = "import regolo_git.cli.progress as progress; progress.PATIENCE_SECONDS = -1"
    text, _ = in_terminal("fsck", "--full", cwd=two_versions, before=before, columns=columns)
    shown = without_escapes(text)
    assert there in shown
    assert gone not in shown
    assert re.search(r"\d/\d+.* bytes", shown)


def test_a_short_job_shows_no_bar_and_does_not_import_rich(two_versions: Path) -> None:
    before = "import atexit; atexit.register(lambda: print('rich' in sys.modules))"
    text, _ = in_terminal("fsck", "--full", cwd=two_versions, before=before)
    assert "checking" not in text
    assert text.endswith("False\n")


def test_a_pipe_imports_no_rich(two_versions: Path) -> None:
    code = (
        "import sys; from regolo_git.cli.main import run; run(['list', 'm']); run(['diff', 'm']);"
        "print('rich' in sys.modules, 'pygit2' in sys.modules, file=sys.stderr)"
    )
    assert run_python(code, cwd=two_versions).stderr == "False True\n"


def test_a_list_opens_no_git_library(two_versions: Path) -> None:
    code = (
        "import sys; from regolo_git.cli.main import run; run(['list', 'm', '--plain']); run(['list']);"
        "print({'rich', 'pygit2', 'dulwich', 'fsspec', 'tomlkit'} & set(sys.modules), file=sys.stderr)"
    )
    assert run_program(two_versions, "list").returncode == 0
    assert run_python(code, cwd=two_versions).stderr == "set()\n"
