"""`git regolo endpoint show`."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import git


def test_a_broken_file_on_the_branch_is_named(regolo: Regolo, served: Path) -> None:
    (served / "endpoints" / "e.toml").write_text("traffic = 1\n")
    git(served, "commit", "-qam", "by hand")
    for command in (["endpoint", "show", "e"], ["traffic", "e", "1.1=100"], ["rollback", "e", "--to", "1.1"]):
        refused = regolo(*command, status=5)
        assert "e.toml" in refused.err
        assert refused.err.endswith("hint: git log -p -- :/endpoints/e.toml\n")
    assert "delete endpoint e: 'endpoints/e.toml' lacks" in regolo("endpoint", "delete", "e", "--yes").err
    assert regolo("endpoint", "list", "--plain").out == ""


def test_a_broken_environment_is_not_in_the_way_of_an_endpoint(regolo: Regolo, served: Path) -> None:
    regolo("promote", "m@1.0", "production")
    (served / "environments/production/m.toml").write_text("format = 1\n")
    git(served, "commit", "-qam", "by hand")
    assert regolo("traffic", "e", "1.1=100").out == "1.1=100%\n"
    assert regolo("rollback", "e").out == "1.0=100%\n"
    regolo("endpoint", "create", "f", "m@1.1")
    regolo("promote", "m@1.1", "staging")
    assert regolo("list").err.endswith("(git log -p -- :/environments/production/m.toml)\n")
    for command in (["promote", "m@1.1", "production"], ["show", "m@production"]):
        refused = regolo(*command, status=5)
        assert refused.err.endswith("hint: git log -p -- :/environments/production/m.toml\n")


def test_a_newer_format_is_not_written_over(regolo: Regolo, served: Path) -> None:
    path = served / "endpoints/e.toml"
    path.write_text(path.read_text().replace("format = 1", "format = 2"))
    git(served, "commit", "-qam", "by a newer program")
    for command in (
        ["traffic", "e", "1.1=100"],
        ["rollback", "e", "--to", "1.1"],
        ["endpoint", "delete", "e", "--yes"],
    ):
        assert "newer than this release supports" in regolo(*command, status=5).err
