"""`git regolo traffic`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git


def head(top: Path) -> str:
    return git(top, "rev-parse", "HEAD")


def test_a_split_is_set_in_percents_or_shares(regolo: Regolo, served: Path) -> None:
    assert regolo("traffic", "e", "1.0=90", "1.1=10", "-m", "canary").out == "1.0=90% 1.1=10%\n"
    assert git(served, "log", "-1", "--format=%s").strip() == "canary"
    trailers = git(served, "log", "-1", "--format=%(trailers)")
    assert "Regolo-From: 1.0=100%" in trailers
    assert "Regolo-To: 1.0=90% 1.1=10%" in trailers
    assert regolo("traffic", "e", "1.0=0.5", "1.1=0.5").out == "1.0=50% 1.1=50%\n"
    assert regolo("traffic", "e").out == "1.0=50% 1.1=50%\n"
    assert "already" in regolo("traffic", "e", "1.0=50", "1.1=50", status=4).err


@pytest.mark.parametrize(
    ("split", "status", "words"),
    [
        (["1.0=90", "1.1=20"], 2, "add up"),
        (["1.0=-10", "1.1=110"], 2, "-10"),
        (["1.0=nan", "1.1=1"], 2, "nan"),
        (["1.0=inf"], 2, "inf"),
        (["1.0=0", "1.1=0"], 2, "add up"),
        (["1.0"], 2, "1.0"),
        (["=100"], 2, "=100"),
        (["1.0=50", "1.0=50"], 2, "1.0"),
        (["1.0=50", "1.0.0=50"], 2, "1.0"),
        (["9.9=100"], 3, "9.9"),
        (["1.0=100", "--replicas", "1.0=0"], 2, "replicas"),
        (["1.0=100", "--replicas", "1.0=10000"], 2, "replicas"),
        (["1.0=100", "--replicas", "1.1=2"], 2, "1.1"),
    ],
)
def test_a_bad_split_changes_nothing(
    regolo: Regolo, served: Path, split: list[str], status: int, words: str
) -> None:
    before = head(served)
    assert words in regolo("traffic", "e", *split, status=status).err
    assert head(served) == before


def test_a_proposed_split_is_named_after_the_version_that_gains(regolo: Regolo, served: Path) -> None:
    before = head(served)
    done = regolo("traffic", "e", "1.0=90", "1.1=10", "--propose")
    assert "proposed e: 1.0=90% 1.1=10%" in done.err
    assert head(served) == before
    assert regolo("traffic", "e").out == "1.0=100%\n"
    again = regolo("traffic", "e", "1.0=50", "1.1=50", "--propose", status=4)
    assert "'operate/e/m@1.1'" in again.err
    git(served, "merge", "-q", "operate/e/m@1.1")
    assert regolo("traffic", "e").out == "1.0=90% 1.1=10%\n"
    assert "requires a split" in regolo("traffic", "e", "--propose", status=2).err


def test_a_retired_version_gets_no_traffic(regolo: Regolo, served: Path) -> None:
    regolo("retire", "m@1.1", "-m", "wrong data", "--yes")
    before = head(served)
    assert "retired" in regolo("traffic", "e", "1.0=90", "1.1=10", status=8).err
    assert "retired" in regolo("rollback", "e", "--to", "1.1", status=8).err
    assert head(served) == before


def test_a_shadow_is_set_shown_and_ended(regolo: Regolo, served: Path) -> None:
    assert regolo("traffic", "e", "--shadow", "1.1=10").out == "1.0=100%, shadow 1.1=10%\n"
    assert regolo("traffic", "e", "--json").document["shadow"] == {"1.1": 0.1}
    assert "shadow 10%" in regolo("endpoint", "show", "e").out
    assert "shadow 1.1=10%" in regolo("endpoint", "list").out
    shown = regolo("metrics", "e").out.splitlines()[-1].split()
    assert shown[:5] == ["1.1", "10%", "0", "0", "0"]
    assert regolo("metrics", "e", "--json").document["version"]["1.1"]["shadow"]["agreement"] is None
    assert regolo("traffic", "e", "--shadow", "none", "-m", "enough").out == "1.0=100%\n"
    before = head(served)
    for wrong in (["1.1"], ["1.1=0"], ["1.1=200"], ["none", "--shadow", "1.1=1"], ["1.0=10"]):
        regolo("traffic", "e", "--shadow", *wrong, status=2)
    assert head(served) == before
