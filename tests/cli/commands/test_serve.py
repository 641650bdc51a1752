"""`git regolo serve`, in a process of its own: its options and its policy reach gateway and workers."""

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.running_engine import TRUSTING, until
from support.running_registry import ServedRegistry, serving

pytestmark = pytest.mark.slow

TELLING = """
import os
def load(path, config):
    return lambda inputs: [os.environ.get(name) for name in inputs]
"""


def test_workers_see_what_the_policy_names_of_the_operators_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "SSH_AUTH_SOCK", "ACME_URL", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "x")
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0", TELLING)
    commit = served.endpoint("1.0")
    with serving(served.top, policy_text=f'{TRUSTING}environment = ["ACME_*"]\n') as engine:
        engine.until_serving("e", commit)
        asked = ["AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "SSH_AUTH_SOCK", "ACME_URL", "CUDA_VISIBLE_DEVICES"]
        assert engine.predict(asked).json["predictions"] == [None, None, None, "x", "x"]
        assert engine.predict(asked, headers={"Host": "evil.example"}).status == 403


def test_a_worker_has_the_seconds_that_the_operator_gives_it(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0", "import time\ntime.sleep(60)\n")
    served.endpoint("1.0")
    with serving(served.top, "--start-seconds", "0.3", "--drain-seconds", "1") as engine:
        status = engine.until_failed("e")
    assert status["problem"] == "the worker was not ready within 0.3 seconds"
    assert status["hint"] == "git regolo serve --start-seconds SECONDS"


@pytest.mark.parametrize(
    "wrong", [("--start-seconds", "0"), ("--drain-seconds", "0"), ("--start-seconds", "x")]
)
def test_seconds_that_make_no_sense_are_refused(
    regolo: Regolo, registry: Path, wrong: tuple[str, str]
) -> None:
    assert wrong[0] in regolo("serve", *wrong, status=2).err


def test_a_port_is_one_of_this_machine(regolo: Regolo, two_versions: Path) -> None:
    regolo("endpoint", "create", "e", "m@1.1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"'127.0.0.1:{port}'" in regolo("serve", "--port", str(port), status=7).err
    assert "cannot be used together" in regolo("serve", "-p", "1", "--listen", "::1:2", status=2).err


def test_a_version_for_a_try_is_served_alone(regolo: Regolo, two_versions: Path) -> None:
    regolo("endpoint", "create", "e", "m@1.1")
    assert "cannot be used together" in regolo("serve", "m@1.1", "e", status=2).err
    assert "has no version '9.0'" in regolo("serve", "m@9.0", status=3).err
    (two_versions / "tree.onnx").write_bytes(b"no model")
    regolo("register", "tree", "tree.onnx")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"'127.0.0.1:{port}'" in regolo("serve", "tree@1.0", "-p", str(port), status=7).err


def test_a_version_that_cannot_be_tried_is_refused_before_anything_starts(
    regolo: Regolo, two_versions: Path
) -> None:
    assert "it has no [serving] block" in regolo("serve", "m@1.1", status=2).err
    (two_versions / "own.toml").write_text('entry_point = "serve:load"\n')
    (two_versions / "tree.onnx").write_bytes(b"no model")
    regolo("register", "tree", "tree.onnx", "--serving", "own.toml")
    said = regolo("serve", "tree@latest", status=8).err
    assert "hint: git regolo serve tree@1.0 --allow-code tree\n" in said
    assert "hint: git regolo serve tree@latest\n" in regolo("serve", "tree", status=3).err


def test_a_version_for_a_try_says_how_it_is_called(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0", warmup=[{"inputs": ["it's", 1]}])
    said = tmp_path / "said"
    with said.open("w") as file, serving(served.top, "m@1.0", said=file):
        command = until(lambda: re.search(r"next +(curl .*)\n", said.read_text()))[1]
        answer = subprocess.run(command, shell=True, capture_output=True, check=True)
    assert json.loads(answer.stdout) == {"predictions": ["it's", 1]}
