"""The registry that `tests/bench/make_registry.py` writes from the format page is one that the program reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.git_program import git
from support.places import PYTHONPATH, ROOT
from support.program import run_program

from regolo_git.api import Registry
from regolo_git.records.manifest import Manifest

pytestmark = pytest.mark.slow  # CI runs it, too
GENERATOR = ROOT / "tests/bench/make_registry.py"


def generated(top: Path, *options: str) -> Path:
    """A registry of 50 versions, unless the options say otherwise."""
    command = [sys.executable, GENERATOR, top, "--models", "10", "--versions", "5", "--recipes", "50"]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    subprocess.run(
        [*command, "--endpoints", "4", "--promotions", "20", *options], check=True, env=environment
    )
    return top


@pytest.mark.parametrize("shape", [[], ["--models", "1", "--versions", "50"]])
def test_a_generated_registry_has_no_problems(tmp_path: Path, shape: list[str]) -> None:
    top = generated(tmp_path / "registry", *shape)
    checked = json.loads(run_program(top, "fsck", "--full", "--json").stdout)
    assert (checked["problems"], checked["versions"]) == ([], 50)
    assert checked["chunks"] > 50
    assert git(top, "status", "--porcelain") == ""
    assert git(top, "fsck", "--strict", "--no-dangling") == ""


def test_its_records_are_written_as_the_program_writes_them(tmp_path: Path) -> None:
    top = generated(tmp_path / "registry")
    with Registry.open(top) as registry:
        records = registry.handle.records()
        for model in records.models():
            data = records.data(f"models/{model}/manifest.toml") or b""
            assert Manifest.parse(data).to_text().encode() == data
        endpoints, promotions = records.endpoints(), records.promotions()
        assert (len(endpoints.records), endpoints.broken, promotions.broken) == (4, {}, {})
        assert len(promotions.records) > 2
        for endpoint in endpoints.records:
            assert records.data(f"endpoints/{endpoint.endpoint}.toml") == endpoint.to_text().encode()
            assert registry.rollback_endpoint(endpoint.endpoint).traffic != endpoint.traffic


def test_the_same_arguments_build_the_same_registry(tmp_path: Path) -> None:
    tips = [git(generated(tmp_path / name), "show-ref") for name in ("one", "two")]
    assert tips[0] == tips[1]


def test_most_versions_may_be_without_bytes(tmp_path: Path) -> None:
    top = generated(tmp_path / "registry", "--recipes", "20")
    done = run_program(top, "fsck", "--json")
    assert done.returncode == 5
    assert len(json.loads(done.stdout)["problems"]) == 30
