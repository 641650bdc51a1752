"""One engine for every test that only asks.

Its endpoints are `e` (90/10/0), `sticky`, `cookie`, `key`, `slow`, `narrow` and `small`.
"""

from collections.abc import Iterator

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, running_engine

from regolo_git.records.routing import Routing

SLOW = """
import asyncio
def load(path, config):
    async def predict(inputs):
        await asyncio.sleep(inputs[0])
        return inputs
    return predict
"""


HELD = """
import asyncio, os
def load(path, config):
    async def predict(inputs):
        while not os.path.exists(inputs[0]):
            await asyncio.sleep(0.01)
        return inputs
    return predict
"""


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    registry = FolderRegistry(tmp_path_factory.mktemp("gateway") / "registry")
    for version in ("1.0", "1.1", "1.2"):
        registry.version(version, {"serve.py": f"# {version}\n{ECHO}"}, PYTHON)
    registry.version("2.0", {"serve.py": SLOW}, PYTHON)
    registry.endpoint("e", {"1.0": 0.9, "1.1": 0.1, "1.2": 0.0})
    registry.endpoint("sticky", {"1.0": 0.5, "1.1": 0.5}, routing=Routing(sticky_header="X-User"))
    registry.endpoint("cookie", {"1.0": 0.5, "1.1": 0.5}, routing=Routing(sticky_cookie="user"))
    registry.endpoint("key", {"1.0": 0.5, "1.1": 0.5}, routing=Routing(sticky_key="params.user"))
    registry.version("2.1", {"serve.py": HELD}, PYTHON)
    registry.endpoint("slow", {"2.0": 1.0}, routing=Routing(timeout_seconds=2))
    registry.endpoint("narrow", {"2.1": 1.0}, routing=Routing(max_concurrency=2))
    commit = registry.endpoint("small", {"1.0": 1.0}, routing=Routing(max_body_bytes=1000))
    limits = {"head_seconds": 1.5, "body_seconds": 1.5}
    with running_engine(registry, limits=limits) as engine:
        for name in ("e", "sticky", "cookie", "key", "slow", "narrow", "small"):
            engine.until_serving(name, commit)
        yield engine
