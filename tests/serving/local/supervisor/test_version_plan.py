"""How a version is served is the operator's decision: which code, by which interpreter, or by a server of theirs."""

import sys
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import PYTHON, running_engine

pytestmark = pytest.mark.slow


def test_code_runs_only_where_the_operator_allows_it(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, policy_text="") as engine:
        status = engine.until_failed("e")
        assert "format 'python' of 'm' is not allowed" in status["problem"]
        assert status["hint"] == "git regolo serve --allow-code m"
        log = engine.process.stderr
        assert log is not None
        assert "hint: git regolo serve --allow-code m\n" in iter(log.readline, "")


def test_an_interpreter_is_used_only_where_the_operator_lists_it(
    registry: FolderRegistry, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text(
        f'#!/bin/sh\nexport WHO=other\nexport PYTHONPATH={Path.cwd()}\nexec {sys.executable} "$@"\n'
    )
    other.chmod(0o755)
    code = "import os\ndef load(path, config):\n    return lambda inputs: [os.environ.get('WHO')]\n"
    registry.version("2.0", {"serve.py": code}, PYTHON | {"interpreter": "other"})
    registry.version("2.1", {"serve.py": code}, PYTHON | {"interpreter": "unknown"})
    commit = registry.endpoint("e", {"2.0": 1.0})
    registry.endpoint("f", {"2.1": 1.0})
    policy = f'formats = ["python"]\nrepository_code = true\n[interpreters]\nother = "{other}"\n'
    with running_engine(registry, policy_text=policy) as engine:
        engine.until_serving("e", registry.endpoint("e", {"2.0": 1.0}))
        assert engine.predict([1], "/endpoints/e/invocations").json == {"predictions": ["other"]}
        assert "interpreter 'unknown'" in engine.until_failed("f")["problem"]
        assert commit
