"""`regolo-git demo`."""

import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.program import run_program

pytestmark = pytest.mark.slow


def test_the_demo_leaves_a_registry_with_two_versions_to_look_at(tmp_path: Path) -> None:
    top = tmp_path / "demo"
    done = run_program(tmp_path, "demo", str(top))
    assert done.returncode == 0, done.stderr
    assert git(top, "tag", "--list").split() == ["digits@v1.0", "digits@v1.1"]
    assert "\n$ git regolo diff digits@1.0 digits@1.1\n" in done.stdout
    assert done.stdout.rstrip().endswith(" show digits")
    assert "compared  with 1.0" in done.stderr
    assert "latency_ms" in done.stdout
    assert "stderr" in git(top, "show", "HEAD:models/digits/manifest.toml")
    more = run_program(top, "log", "digits", "--plain").stdout
    assert "accuracy" in more


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
