"""The forms of a result: pages for people, JSON and plain lines for programs."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command_line import Regolo
from support.git_program import git

from regolo_git.cli.forms import flat, plain_text, put_json, put_result


def test_json_and_plain_exclude_each_other(regolo: Regolo, two_versions: Path) -> None:
    assert "cannot be used together" in regolo("list", "--json", "--plain", status=2).err


def test_plain_lines_have_times_commits_and_people_as_programs_need_them(
    regolo: Regolo, two_versions: Path
) -> None:
    regolo("promote", "m@1.0", "production", "-m", "first release")
    head = git(two_versions, "rev-parse", "HEAD").strip()
    when, *rest = regolo("history", "m", "--plain").out.rstrip("\n").split("\t")
    assert rest == ["production", "1.0", "1", "Ada Byron <ada@example.com>", head, "first release"]
    assert when.endswith("Z")
    regolo("endpoint", "create", "e", "m@1.0", "-m", "the first")
    head = git(two_versions, "rev-parse", "HEAD").strip()
    when, *rest = regolo("endpoint", "history", "e", "--plain").out.rstrip("\n").split("\t")
    assert rest == ["create-endpoint", "1.0=1", "Ada Byron <ada@example.com>", head, "the first"]
    assert when.endswith("Z")
    version, weight, replicas, commit, digest = regolo("endpoint", "show", "e", "--plain").out.split()
    assert (version, weight, replicas, len(commit), digest[:7]) == ("1.0", "1", "1", 40, "sha256:")
    assert regolo("endpoint", "list", "--plain").out == "e\tm\t\t1.0=1\t1.0=1\n"
    numbers = regolo("metrics", "e", "--plain").out.rstrip("\n").split("\t")
    shadow = [""] * 6
    assert numbers == ["1.0", "1", "", "0", "0", "", "", "", "0", "", "", "", "", "", "0", *shadow]


def test_a_result_is_a_line_or_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    put_result("m@1.0", {"version": "1.0"}, as_json=False)
    put_result(None, {"version": "1.0"}, as_json=False)
    assert capsys.readouterr().out == "m@1.0\n"
    put_result(None, {"version": "1.0"}, as_json=True)
    assert capsys.readouterr().out == '{\n  "version": "1.0"\n}\n'


@given(st.text())
def test_somebodys_text_never_steers_a_terminal_or_splits_a_field(text: str) -> None:
    assert plain_text(text).isprintable()


def test_fields_are_plain() -> None:
    east = timezone(timedelta(hours=2))
    assert plain_text(None) == ""
    assert plain_text(True) == "true"
    assert plain_text(datetime(2026, 7, 1, 12, 0, tzinfo=east)) == "2026-07-01T10:00:00Z"


def test_a_tree_becomes_names_with_dots() -> None:
    assert list(flat({"a": {"b": 1, "c": [2, 3]}, "d": None, "e": False})) == [
        ("a.b", 1),
        ("a.c", 2),
        ("a.c", 3),
        ("e", False),
    ]


def test_json_has_times_in_utc_and_readable_text(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({"when": datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "who": "Zoë"})
    assert capsys.readouterr().out == '{\n  "when": "2026-07-01T12:00:00Z",\n  "who": "Zoë"\n}\n'
