"""Before a clone uses the shared store that the repository names, it asks."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model
from support.team import clone_of, publisher, send_all, team
from support.terminal import in_terminal

from regolo_git.api import Registry

__all__ = ["publisher", "team"]


@pytest.fixture
def colleague(publisher: Registry, team: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone by git alone, of a registry whose version is in the shared store."""
    top = publisher.handle.paths.top
    publisher.register_model("m", write_model(top / "m.safetensors", 1.0))
    send_all(publisher)
    place = clone_of(publisher, tmp_path / "colleague")
    git(place, "config", "--unset", "regolo.confirmed")
    monkeypatch.chdir(place)
    return place


def confirmed(top: Path) -> str:
    return git(top, "config", "--default", "", "regolo.confirmed").strip()


def test_without_a_terminal_the_store_is_refused_with_the_option_that_says_yes(
    regolo: Regolo, colleague: Path, team: Path, tmp_path: Path
) -> None:
    refused = regolo("checkout", "m@1.0", "out", status=8)
    assert f"names the shared store '{team}', which this clone has not confirmed" in refused.err
    assert refused.err.rstrip().endswith("git regolo checkout m@1.0 out --yes")
    assert not Path("out").exists()
    assert confirmed(colleague) == ""
    regolo("checkout", "m@1.0", "out", "--yes")
    assert confirmed(colleague) == str(team)
    regolo("checkout", "m@1.0", "again")


def test_a_command_without_that_option_names_the_setting(regolo: Regolo, colleague: Path, team: Path) -> None:
    refused = regolo("promote", "m@1.0", "staging", status=8)
    assert refused.err.rstrip().endswith(f"git regolo config store.url {team}")
    assert "now uses the shared store" in regolo("config", "store.url", str(team)).err
    assert git(colleague, "log", "-1", "--format=%s") == git(
        colleague, "log", "-1", "--format=%s", "origin/main"
    )
    regolo("promote", "m@1.0", "staging")


def test_on_a_terminal_it_is_a_question_that_is_asked_once(colleague: Path, team: Path) -> None:
    for answer, status in (("n\n", 8), ("y\n", 0)):
        text, got = in_terminal("checkout", "m@1.0", "out", cwd=colleague, answers={"[y/N]": answer})
        assert f"The repository names the shared store '{team}'. Use it from this clone?" in text.replace(
            "\n", " "
        )
        assert got == status
        assert (colleague / "out").exists() is (status == 0)
    text, got = in_terminal("checkout", "m@1.0", "again", cwd=colleague)
    assert (got, "[y/N]" in text) == (0, False)


def test_read_only_commands_do_not_ask(regolo: Regolo, colleague: Path) -> None:
    for command in (["show", "m@1.0"], ["list"], ["list", "m"], ["log", "m"], ["status"]):
        assert regolo(*command).out
    text, status = in_terminal("show", "m@1.0", cwd=colleague)
    assert (status, "[y/N]" in text) == (0, False)
    assert confirmed(colleague) == ""


def test_damage_here_is_mended_from_the_shared_store(
    regolo: Regolo, colleague: Path, team: Path, tmp_path: Path
) -> None:
    regolo("checkout", "m@1.0", "first", "--yes")
    chunks = [path for path in (colleague / ".git/regolo/store/chunks").rglob("*") if path.is_file()]
    for path in chunks:
        path.chmod(0o644)
        path.write_bytes(bytes(path.stat().st_size))
    done = regolo("checkout", "m@1.0", "second")
    assert "is damaged; it was moved to" in done.err
    assert f"it was read from '{team}'" in done.err
    assert Path("second").read_bytes() == Path("first").read_bytes()
