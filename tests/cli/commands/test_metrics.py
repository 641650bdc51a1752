"""`git regolo metrics`."""

from pathlib import Path

from support.command_line import Regolo


def test_metrics_and_serving_say_what_is_missing(regolo: Regolo, served: Path) -> None:
    shown = regolo("metrics", "e")
    assert "no server is running" in shown.out
    assert "git regolo serve e" in shown.err
    assert regolo("metrics", "e", "--json").document["version"]["1.0"]["error_rate"] is None
    assert "'f'" in regolo("metrics", "f", status=3).err
    assert "is not a duration" in regolo("metrics", "e", "--recorded", "--window", "abc", status=2).err
    assert "cannot be used with --record" in regolo("metrics", "e", "--recorded", "--record", status=2).err
    assert "git regolo serve" in regolo("serve", "--status", status=3).err
