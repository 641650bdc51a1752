"""A store, a cache, and small artifacts."""

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.model_files import write_safetensors

from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LooseStore.open_or_create(str(tmp_path / "store"))


@pytest.fixture
def memory_store() -> Store:
    return LooseStore.open_or_create(f"memory://{secrets.token_hex(8)}")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[StatCache]:
    with StatCache(tmp_path / "files.sqlite") as opened:
        yield opened


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A directory as a model hub has it: two large tensors, many small ones, and some text."""
    top = tmp_path / "model"
    (top / "tokenizer").mkdir(parents=True)
    (top / "config.json").write_text('{"hidden": 512}\n')
    (top / "tokenizer" / "words.txt").write_text("hello\nworld\n")
    tensors = {f"layer.{number}": noise(f"{number}", 30_000) for number in range(10)}
    write_safetensors(
        top / "model.safetensors", {"a": noise("a", 1 << 20), "b": noise("b", 300_000), **tensors}
    )
    return top


def settle_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets an hour pass: what was written a moment ago is old enough to be told by its times."""
    later = time.time_ns() + 3600 * 10**9
    monkeypatch.setattr("time.time_ns", lambda: later)


Settle = Callable[[], None]


@pytest.fixture
def an_hour_later(monkeypatch: pytest.MonkeyPatch) -> Settle:
    return lambda: settle_time(monkeypatch)
