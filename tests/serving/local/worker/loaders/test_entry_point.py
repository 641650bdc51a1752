"""Finding `module:callable`, and calling it with plain values and the caller's params."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.digests import Digest
from regolo_git.serving.local.worker.call import Call
from regolo_git.serving.local.worker.loaders.entry_point import PlainPredictor, find_entry_point
from regolo_git.serving.local.worker_orders import WorkerSpec

SPEC = WorkerSpec(
    model="m",
    path=Path(),
    digest=Digest("sha256", "0" * 64),
    format="python",
    entry_point=None,
    config={},
    warmup=(),
    idempotent=False,
    interpreter=None,
    trusted_types=(),
    repository_code=True,
)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerSpec]:
    """A version with code of its own in `own_code.py`; what it imports is forgotten again."""
    (tmp_path / "own_code.py").write_text("def load(path, config):\n    return path\nnumber = 3\n")
    (tmp_path / "broken_code.py").write_text("import no_such_library\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield replace(SPEC, path=tmp_path)
    for name in ("own_code", "broken_code"):
        sys.modules.pop(name, None)


def test_the_versions_own_code_is_found_only_where_it_is_allowed(spec: WorkerSpec) -> None:
    assert find_entry_point(replace(spec, entry_point="own_code:load"))("p", {}) == "p"
    sys.modules.pop("own_code")
    sys.path.remove(str(spec.path))
    with pytest.raises(NotFound, match="no module 'own_code'"):
        find_entry_point(replace(spec, entry_point="own_code:load", repository_code=False))


@pytest.mark.parametrize(
    ("entry_point", "words"),
    [
        ("own_code:save", "has no 'save'"),
        ("own_code:number", "cannot be called"),
        ("no_such_code:load", "no module 'no_such_code'"),
    ],
)
def test_what_cannot_be_an_entry_point_is_said(spec: WorkerSpec, entry_point: str, words: str) -> None:
    with pytest.raises(NotFound, match=words):
        find_entry_point(replace(spec, entry_point=entry_point))


def test_a_library_that_the_code_lacks_is_named_by_its_own_name(spec: WorkerSpec) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        find_entry_point(replace(spec, entry_point="broken_code:load"))


class Summing:
    """An object with `predict`, as libraries have it."""

    def predict(self, rows: list[int], *, bias: int = 0) -> int:
        return sum(rows) + bias


def test_an_object_that_predicts_or_a_callable_does() -> None:
    call = Call(rows=[1, 2])
    assert PlainPredictor(Summing(), "python").predict(call) == 3
    assert PlainPredictor(len, "python").predict(call) == 2
    assert PlainPredictor(Summing, "python").signature().platform == "python"
    with pytest.raises(NotFound, match="int"):
        PlainPredictor(3, "python")


def test_params_are_keywords_that_the_model_has() -> None:
    call = Call(rows=[1, 2], parameters={"bias": 10})
    assert PlainPredictor(Summing(), "python").predict(call) == 13
    assert PlainPredictor(lambda _, **given: given, "python").predict(call) == {"bias": 10}
    for model in (lambda rows: rows, lambda bias: bias, len):
        with pytest.raises(InvalidInput, match="no parameter 'bias'"):
            PlainPredictor(model, "python").predict(call)


def test_a_value_error_is_about_the_values_and_others_are_the_models(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def read(rows: list[object]) -> list[float]:
        return [float(row) for row in rows]  # type: ignore[arg-type]

    async def read_later(rows: list[object]) -> list[float]:
        return read(rows)

    call = Call(rows=["many"])
    for run in (
        lambda: PlainPredictor(read, "python").predict(call),
        lambda: asyncio.run(PlainPredictor(read_later, "python").predict(call)),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidInput, match=r"rejects these values: could not convert .* 'many'"):
            run()
        assert "return [float(row)" in capsys.readouterr().err
    with pytest.raises(TypeError):
        PlainPredictor(read, "python").predict(Call(rows=[None]))
