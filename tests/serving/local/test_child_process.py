"""What a child process may see: nothing of the working directory, of Git or of us."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, TRUSTING, kill, running_engine, until

import regolo_git
from regolo_git.errors import ServingError
from regolo_git.serving.local.child_process import child_environment, python_command, resident_bytes
from regolo_git.serving.local.supervisor.cores import available_cores, threads_for

pytestmark = pytest.mark.slow


def test_nothing_is_read_from_the_working_directory(
    registry: FolderRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise SystemExit('code beside the models was run')")
    monkeypatch.chdir(tmp_path)
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)


def test_two_replicas_of_a_directory_with_code_both_find_it_unchanged(registry: FolderRegistry) -> None:
    files = {"serve.py": f"import helper\n{ECHO}", "helper.py": "answer = 42\n"}
    registry.version("2.0", files, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0}, replicas=2)
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        kill(engine.workers("e", "2.0")[0])
        until(lambda: engine.status("e")["versions"]["2.0"]["restarts"] == 1)
        until(lambda: len(engine.workers("e", "2.0")) == 2)


SECRETS = (
    "AWS_SECRET_ACCESS_KEY",
    "DATABASE_PASSWORD",
    "HF_TOKEN",
    "HTTPS_PROXY",
    "KUBECONFIG",
    "REGOLO_TOKEN",
    "SSH_AUTH_SOCK",
    "LC_SECRET",
    "SOMETHING",
)


def test_a_worker_gets_the_usual_variables_and_those_that_the_policy_names(registry: FolderRegistry) -> None:
    code = "import os\ndef load(path, config):\n    return lambda inputs: sorted(os.environ)\n"
    registry.version("2.0", {"serve.py": code}, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0})
    names = (*SECRETS, "GIT_DIR", "HOME", "LANG", "CUDA_VISIBLE_DEVICES", "ACME_URL", "ACME_TOKEN")
    options = {"environment": dict.fromkeys(names, "/x")}
    policy = f'{TRUSTING}[models."m"]\nenvironment = ["ACME_URL", "GIT_*"]\n'
    with running_engine(registry, options=options, policy_text=policy) as engine:
        engine.until_serving("e", commit)
        seen = engine.predict([1]).json["predictions"]
        assert isinstance(seen, list)
        assert set(seen) & set(names) == {"HOME", "LANG", "CUDA_VISIBLE_DEVICES", "ACME_URL"}
        assert {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONPATH"} <= set(seen)


def test_a_new_worker_gets_its_share_of_the_cores(registry: FolderRegistry) -> None:
    code = "import os\ndef load(path, config):\n    return lambda inputs: os.environ['OMP_NUM_THREADS']\n"
    registry.version("2.0", {"serve.py": code}, PYTHON)
    cores, share = available_cores(), {"predictions": str(threads_for(1, available_cores()))}
    commit = registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        assert engine.predict([1]).json == share
        engine.until_serving("f", registry.endpoint("f", {"2.0": 1.0}))
        answer = engine.predict([1], "/endpoints/f/invocations")
        assert answer.json == {"predictions": str(threads_for(2, cores))}
        # It is no reason to replace a worker.
        assert engine.predict([1], "/endpoints/e/invocations").json == share


def test_a_child_finds_this_package_and_keeps_its_hands_off_the_cores() -> None:
    given = {
        "PATH": "/bin",
        "PYTHONPATH": "/theirs",
        "GIT_DIR": "/x",
        "REGOLO_REPO": "/y",
        "OMP_NUM_THREADS": "4",
    }
    found = child_environment(given)
    package = str(Path(regolo_git.__file__).parent.parent)
    assert found == {
        "PATH": "/bin",
        "PYTHONPATH": f"{package}:/theirs",
        "OMP_NUM_THREADS": "4",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    # Another interpreter has the package installed; ours could be of another version of Python.
    assert child_environment(given, interpreter=Path("/other/python"))["PYTHONPATH"] == "/theirs"


def test_the_working_directory_is_not_searched_and_nothing_is_written_beside_the_code() -> None:
    assert python_command("a.b", "1", interpreter=Path("/other/python")) == [
        "/other/python",
        "-P",
        "-B",
        "-m",
        "a.b",
        "1",
    ]
    assert python_command("a.b")[0] == sys.executable


def test_the_memory_of_a_process_that_is_gone_is_unknown() -> None:
    held = resident_bytes(os.getpid())
    assert held is not None
    assert held > 1_000_000
    assert resident_bytes(2**22 + 1) is None


def test_a_child_whose_parent_is_gone_already_ends() -> None:
    code = "from regolo_git.serving.local.child_process import die_with; die_with(1); print('lives on')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=child_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (ServingError.exit_code, "")
