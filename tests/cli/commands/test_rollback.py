"""`git regolo rollback`."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def head(top: Path) -> str:
    return git(top, "rev-parse", "HEAD")


def test_rollback_goes_to_the_last_version_that_had_everything(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.0=90", "1.1=10")
    regolo("traffic", "e", "1.1=100", "1.0=0")
    done = regolo("rollback", "e", "-m", "times out on long texts")
    assert done.out == "1.0=100%\n"
    assert "rolled back e" in done.err
    actions = [line.split("\t")[1] for line in regolo("endpoint", "history", "e", "--plain").lines]
    assert actions == ["rollback", "traffic", "traffic", "create-endpoint"]


def test_a_proposed_rollback_takes_effect_with_the_merge(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.1=100")
    before = head(served)
    done = regolo("rollback", "e", "--propose")
    assert (done.out, head(served)) == ("1.0=100%\n", before)
    assert "proposed to roll back e to 1.0" in done.err
    assert "on operate/e/m@1.0" in done.err
    assert regolo("traffic", "e").out == "1.1=100%\n"
    assert "operate/e/m@1.0" in regolo("status").err
    git(served, "merge", "-q", "--no-ff", "--no-edit", "operate/e/m@1.0")
    assert regolo("traffic", "e").out == "1.0=100%\n"
    assert regolo("endpoint", "history", "e", "--plain").lines[0].split("\t")[1] == "rollback"


def test_a_second_rollback_does_not_go_back_to_what_the_first_one_left(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.1=100")
    assert regolo("rollback", "e").out == "1.0=100%\n"
    before = head(served)
    assert "no earlier version to roll back to" in regolo("rollback", "e", status=3).err
    assert head(served) == before


def test_a_rollback_says_which_version_it_passes_over(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.1=100")
    write_model(served / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    regolo("traffic", "e", "1.2=100")
    regolo("retire", "m@1.1", "-m", "wrong data", "--yes")
    done = regolo("rollback", "e")
    assert done.out == "1.0=100%\n"
    assert "note: skipped: 'm@1.1' is retired" in done.err


def test_a_rollback_without_a_way_back_says_so(regolo: Regolo, served: Path) -> None:
    refused = regolo("rollback", "e", status=3)
    assert refused.err.endswith("hint: git regolo rollback e --to VERSION\n")
    assert "already" in regolo("rollback", "e", "--to", "1.0", status=4).err


def test_a_rollback_to_bytes_that_are_gone_is_refused(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.1=100", "1.0=0")
    chunks = served / ".git" / "regolo" / "store" / "chunks"
    for chunk in [path for path in chunks.rglob("*") if path.is_file()]:
        chunk.unlink()
    before = head(served)
    refused = regolo("rollback", "e", "--to", "1.0", status=3)
    assert "the bytes of 'm@1.0' are not in this clone's store" in refused.err
    assert head(served) == before
