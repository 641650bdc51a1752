"""`git regolo diff`."""

import re
from pathlib import Path

import pytest
from support.command_line import Regolo


def test_diff_shows_both_values_and_guesses_which_is_better(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("diff", "m@1.0", "m@1.1").out
    assert out.startswith("m  1.0 -> 1.1  ")
    assert re.search(r"accuracy +0\.89 +0\.92 +\+0\.03 +\+3\.37% +higher \(better\?\)", out)
    assert re.search(r"experiment +- +more data", out)
    assert re.search(r"layer\.weight +changed +F32 \[8, 8\] +F32 \[8, 8\]", out)
    assert out.endswith("suggested bump: minor\n")


@pytest.mark.parametrize("arguments", [["m@1.0", "1.1"], ["m@1.0", "latest"], ["m"], ["m@1.1"]])
def test_diff_can_be_asked_for_in_short(regolo: Regolo, two_versions: Path, arguments: list[str]) -> None:
    assert (
        regolo("diff", *arguments, "--json").document == regolo("diff", "m@1.0", "m@1.1", "--json").document
    )


def test_diff_takes_two(regolo: Regolo, two_versions: Path) -> None:
    assert "has no parent version" in regolo("diff", "m@1.0", status=3).err
    assert "different models" in regolo("diff", "m@1.0", "n@1.0", status=2).err


def test_diff_has_pages(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("diff", "m", "--format", "markdown").out.startswith("## m: 1.0 → 1.1\n")
    assert regolo("diff", "m", "--format", "html").out.startswith("<!doctype html>\n")
    assert regolo("diff", "m", "--format", "json").out == regolo("diff", "m", "--json").out
    regolo("diff", "m", "--format", "html", "--plain", status=2)


def test_diff_for_the_shell(regolo: Regolo, two_versions: Path) -> None:
    lines = [line.split("\t") for line in regolo("diff", "m", "--plain").lines]
    assert lines[0] == ["metric", "accuracy", "0.89", "0.92", "0.03", "0.033707865168539325", "higher"]
    assert {line[0] for line in lines} == {"metric", "metadata", "file", "tensor", "size"}
