"""What workers print: whole lines with their label, whatever they print and however fast."""

import asyncio
import os
import re
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import PYTHON, kill, running_engine, until

from regolo_git.serving.local.supervisor.worker_log import WorkerLog

pytestmark = pytest.mark.slow


def logged(path: Path, *pieces: bytes) -> bytes:
    """What is written of pieces that two workers print at the same time."""

    async def run(output: int) -> None:
        log = WorkerLog(output)
        with log.pipe(lambda: "e 1.0 w-1") as first, log.pipe(lambda: "e 1.1 w-2") as second:
            for piece in pieces:
                os.write(first, piece)
                os.write(second, piece)
                await asyncio.sleep(0)
        await log.end()

    with path.open("wb") as file:
        asyncio.run(run(file.fileno()))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"on", b"e\ntw", b"o"], ["one", "two"]),
        ([b"10%\r20%\r\n\n\ndone\n"], ["10%", "20%", "done"]),
        ([b"\x1b[2J\x00\xff\n"], [r"\x1b[2J\x00\xff"]),
        (["grün →\n".encode()], ["grün →"]),
        ([b"x" * 20_000 + b"\n"], ["x" * 8192, "x" * 8192, "x" * 3616]),
        ([b""], []),
    ],
)
def test_each_line_has_its_label(tmp_path: Path, pieces: list[bytes], lines: list[str]) -> None:
    written = logged(tmp_path / "log", *pieces).decode().splitlines()
    for label in ("e 1.0 w-1: ", "e 1.1 w-2: "):
        assert [line.removeprefix(label) for line in written if line.startswith(label)] == lines
    assert len(written) == 2 * len(lines)


def test_a_terminal_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    async def run() -> None:
        log = WorkerLog(writing)
        with log.pipe(lambda: "e 1.0 w-1") as output:
            os.write(output, b"lost\n")
        await log.end()

    asyncio.run(run())
    os.close(writing)


LOUD = """
import sys, warnings
print("loading")
def load(path, config):
    def predict(inputs):
        print("predicting")
        warnings.warn("odd")
        raise KeyError("weights")
    return predict
"""


def test_what_a_model_prints_warns_and_raises_is_told_apart(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": LOUD}, PYTHON)
    registry.version("2.1", {"serve.py": "print('no weights'); raise RuntimeError"}, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        (worker,) = engine.status("e")["versions"]["2.0"]["workers"]
        assert engine.predict([1]).status == 500
        registry.endpoint("f", {"2.1": 1.0})
        engine.until_failed("f")
        kill(engine.workers("e", "2.0")[0])
        until(lambda: engine.status("e")["versions"]["2.0"]["restarts"] == 1)
        said = engine.stop()
    for line in ("loading", "predicting", "KeyError: 'weights'"):
        assert re.search(f"^e 2.0 {worker}: .*{line}", said, re.MULTILINE), said
    assert re.search(r"^e 2.0 .*odd", said, re.MULTILINE)
    assert re.search(r"^f 2.1 w-\w+: no weights", said, re.MULTILINE)


def test_workers_that_serve_a_new_number_of_the_same_content_say_so(registry: FolderRegistry) -> None:
    files = {"serve.py": "def load(path, config):\n    return lambda inputs: print('asked')\n"}
    for version in ("2.0", "2.1"):
        registry.version(version, files, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        (worker,) = engine.status("e")["versions"]["2.0"]["workers"]
        engine.predict([1])
        for traffic in ({"2.1": 1.0}, {"2.0": 0.5, "2.1": 0.5}):
            engine.until_serving("e", registry.endpoint("e", traffic))
            engine.predict([1])
        said = engine.stop()
    asked = [line for line in said.splitlines() if line.endswith(": asked")]
    assert [line.rpartition(f" {worker}")[0] for line in asked[:2]] == ["e 2.0", "e 2.1"]
    assert asked[2].startswith("e 2.0+2.1 ")
