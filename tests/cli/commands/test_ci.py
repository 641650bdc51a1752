"""`git regolo ci`: the file that it writes."""

from pathlib import Path

from support.command_line import Regolo

SHA256 = "ab" * 32


def test_a_workflow_is_written_to_its_place(regolo: Regolo, two_versions: Path) -> None:
    shown = regolo("ci", "github", "--sha256", SHA256)
    path = two_versions / ".github/workflows/regolo-review.yml"
    assert shown.out == f"{path}\n"
    assert "pull_request_target" in path.read_text()
    regolo("ci", "github", "--sha256", SHA256)
    path.write_text("mine")
    assert "other content" in regolo("ci", "github", "--sha256", SHA256, status=4).err
    assert path.read_text() == "mine"
    regolo("ci", "github", "--sha256", SHA256, "--force")
    assert path.read_text() == regolo("ci", "github", "--sha256", SHA256, "-o", "-").out


def test_a_script_is_executable(regolo: Regolo, two_versions: Path) -> None:
    regolo("ci", "script", "--sha256", SHA256, "-o", "review.sh")
    assert (two_versions / "review.sh").stat().st_mode & 0o111


def test_a_workflow_needs_the_hash_of_the_program(regolo: Regolo, two_versions: Path) -> None:
    assert "--sha256 HEX" in regolo("ci", "gitlab", status=2).err
    assert "64 digits" in regolo("ci", "gitlab", "--sha256", "AB", status=2).err
    regolo("ci", "jenkins", "--sha256", SHA256, status=2)
