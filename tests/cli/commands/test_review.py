"""`git regolo review`: its formats and exit statuses."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.command_line import Regolo
from support.git_program import commit_files, git

HOSTILE = "x\n::error::injected\r%0A<&>\x1b[31m\u202e"


@pytest.fixture
def proposed(regolo: Regolo, two_versions: Path) -> Path:
    """`m@1.2` proposed on `change`, which a gate on main fails and another leaves open."""
    top = two_versions
    card = (top / "models/m/model.toml").read_text()
    commit_files(top, {"models/m/model.toml": f"{card}[gates.accuracy]\nmin = 0.99\n[gates.gone]\nmax = 1\n"})
    git(top, "switch", "-qc", "change")
    (top / "other.bin").write_bytes(b"other")
    regolo("commit", "m", "other.bin", "--metric", "accuracy=0.5", "--meta", f"note={HOSTILE}")
    return top


def test_the_terminal_shows_the_verdict_first(regolo: Regolo, proposed: Path) -> None:
    shown = regolo("review", "main..change", status=8)
    assert shown.lines[0] == "Not ready: 1 of 2 gates fails, 1 is open"
    assert "m 1.2 fails accuracy: 0.5 is below min 0.99" in shown.out
    assert "again: git regolo review main..change" in shown.lines[-1]
    assert "\x1b" not in shown.out


def test_without_an_argument_the_checked_out_change_is_reviewed(regolo: Regolo, proposed: Path) -> None:
    assert git(proposed, "branch", "--show-current").strip() == "change"
    assert regolo("review", status=8).lines[0] == "Not ready: 1 of 2 gates fails, 1 is open"
    git(proposed, "switch", "-q", "main")
    regolo("review")


def test_markdown_has_a_marker_and_a_limit(regolo: Regolo, proposed: Path) -> None:
    shown = regolo("review", "main..change", "--format", "markdown", status=8)
    head, base = (git(proposed, "rev-parse", "--short=10", name).strip() for name in ("change", "main"))
    assert shown.lines[0] == f"<!-- regolo-review v1 head={head} base={base} verdict=fail -->"
    cut = regolo("review", "main..change", "--format", "markdown", "--max-chars", "2000", status=8)
    assert len(cut.out) <= 2001
    regolo("review", "main..change", "--max-chars", "100", status=2)


def test_json_is_one_document(regolo: Regolo, proposed: Path) -> None:
    document = json.loads(regolo("review", "main..change", "--format", "json", status=8).out)
    assert (document["verdict"], document["exit_code"]) == ("fail", 8)
    assert [model["model"] for model in document["models"]] == ["m"]


def test_junit_has_a_case_for_each_gate(regolo: Regolo, proposed: Path) -> None:
    root = ET.fromstring(regolo("review", "main..change", "--format", "junit", status=8).out)
    assert root.attrib["failures"] == "1"
    assert root.attrib["skipped"] == "1"
    assert [case.attrib["name"] for case in root.iter("testcase")] == ["accuracy min 0.99", "gone max 1"]


def test_github_gets_annotations_of_manifest_lines_and_no_command_of_a_stranger(
    regolo: Regolo, proposed: Path
) -> None:
    path = proposed / "models/m/model.toml"
    git(proposed, "switch", "-q", "main")
    commit_files(
        proposed, {"models/m/model.toml": f'{path.read_text()}[gates."{"evil%0A::error::x,y:z"}"]\nmax = 1\n'}
    )
    lines = regolo("review", "main..change", "--format", "github", status=8).lines
    manifest = git(proposed, "show", "change:models/m/manifest.toml").splitlines()
    at = next(number for number, line in enumerate(manifest, 1) if line.startswith("accuracy ="))
    assert (
        f"::error file=models/m/manifest.toml,line={at},title=m%3A accuracy::min 0.99: 0.5 is below min 0.99"
        in lines
    )
    evil = next(line for line in lines if "evil" in line)
    assert evil.startswith(
        "::warning file=models/m/manifest.toml,line=1,title=m%3A evil%250A%3A%3Aerror%3A%3Ax%2Cy%3Az::"
    )
    assert all(line.startswith(("::notice title=", "::error file=", "::warning file=")) for line in lines)


def test_an_open_gate_passes_unless_the_review_is_strict(regolo: Regolo, proposed: Path) -> None:
    git(proposed, "switch", "-q", "main")
    path = proposed / "models/m/model.toml"
    commit_files(proposed, {"models/m/model.toml": path.read_text().replace("0.99", "0.1")})
    assert regolo("review", "main..change").lines[0] == "Ready to merge: 1 is open"
    regolo("review", "main..change", "--strict", status=8)


def test_an_impossible_review_has_its_own_exit_status(regolo: Regolo, proposed: Path) -> None:
    assert "not a range" in regolo("review", "main.....change", status=2).err
    assert "no revision 'nope'" in regolo("review", "main..nope", status=3).err
    assert regolo("review", "main..main").lines[0].startswith("Nothing to review")
    git(proposed, "switch", "-q", "change")
    text = (proposed / "models/m/manifest.toml").read_text()
    commit_files(proposed, {"models/m/manifest.toml": text.replace('version = "1.2"', 'version = "1.1"')})
    regolo("review", "main..change", status=5)


def test_a_store_that_is_unreachable_leaves_it_not_judged(regolo: Regolo, proposed: Path) -> None:
    git(proposed, "switch", "-q", "main")
    path = proposed / "models/m/model.toml"
    commit_files(proposed, {"models/m/model.toml": path.read_text().replace("0.99", "0.1")})
    (proposed / ".git/regolo/store").rename(proposed / ".git/regolo/away")
    shown = regolo("review", "main..change", status=6)
    assert shown.lines[0].startswith("Not judged")
