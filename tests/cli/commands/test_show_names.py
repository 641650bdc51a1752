"""`git regolo show --names`, and what promotion does about names that run something."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.hostile_pickles import SYSTEM, Reduced, whole, zipped
from support.model_files import write_model

from regolo_git.artifacts.second_opinion import is_installed


@pytest.fixture
def pickled(regolo: Regolo, registry: Path) -> Path:
    (registry / "model").mkdir()
    write_model(registry / "model" / "weights.safetensors")
    (registry / "model" / "head.pt").write_bytes(zipped("archive/data.pkl", whole(SYSTEM)))
    (registry / "model" / "words.pkl").write_bytes(pickle.dumps(OrderedDict(a=1)))
    regolo("register", "m", "model")
    return registry


def test_the_names_are_listed_the_worst_first(regolo: Regolo, pickled: Path) -> None:
    lines = [
        line.split() for line in regolo("show", "m", "--names").lines if "head.pt" in line or "words" in line
    ]
    listed = [line[:3] for line in lines if line[1] in ("dangerous", "allowed")]
    assert listed == [
        ["os.system", "dangerous", "head.pt,"],
        ["collections.OrderedDict", "allowed", "words.pkl"],
    ]


def test_the_names_for_programs(regolo: Regolo, pickled: Path) -> None:
    document = regolo("show", "m", "--names", "--json").document["pickles"]
    assert {path: entry["class"] for path, entry in document.items()} == {
        "head.pt": "dangerous",
        "words.pkl": "allowed",
    }
    assert document["head.pt"]["names"][0]["member"] == "archive/data.pkl"
    assert "pickles" not in regolo("show", "m", "--json").document


def test_a_version_without_pickles_says_so(regolo: Regolo, two_versions: Path) -> None:
    assert "no file of this version has a pickle" in regolo("show", "m", "--names").out


def test_a_broken_pickle_is_unreadable(regolo: Regolo, registry: Path) -> None:
    (registry / "m.pkl").write_bytes(pickle.dumps({"a": 1})[:-3])
    regolo("register", "m", "m.pkl")
    assert regolo("show", "m", "--names", "--json").document["pickles"]["m.pkl"]["class"] == "unreadable"


def test_production_refuses_what_runs_something(regolo: Regolo, registry: Path) -> None:
    (registry / "m.pkl").write_bytes(pickle.dumps(Reduced(os.system, "touch ran")))
    regolo("register", "m", "m.pkl")
    regolo("promote", "m@1.0", "staging", "--yes")
    refused = regolo("promote", "m@1.0", "production", "--yes", status=8)
    assert "system, which can run anything" in refused.err
    assert not (registry / "ran").exists()


def test_a_gate_asks_for_known_names(regolo: Regolo, registry: Path) -> None:
    (registry / "m.pkl").write_bytes(whole(b"cmypackage\nNet\n)R"))
    regolo("register", "m", "m.pkl")
    regolo("config", "environments.staging.gates.scan", "known")
    refused = regolo("promote", "m@1.0", "staging", "--yes", status=8)
    assert "mypackage.Net, which is not known" in refused.err


def test_a_second_opinion_is_shown_where_it_is_installed(regolo: Regolo, pickled: Path) -> None:
    document = regolo("show", "m", "--names", "--json").document["second_opinion"]
    if is_installed():
        assert {path: found["verdict"] for path, found in document.items()}["head.pt"] == "malicious"
        assert "Second opinion" in regolo("show", "m", "--names").out
    else:
        assert document is None
