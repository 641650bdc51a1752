"""Models as a worker loads them, without its process, and their answers to both protocols as JSON."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from regolo_git.records.digests import Digest
from regolo_git.records.serving_block import Batch
from regolo_git.serving.local.worker.call import Call, Predictor, TensorType
from regolo_git.serving.local.worker.loaders.all_loaders import load_model
from regolo_git.serving.local.worker.mlflow_form import read_invocation
from regolo_git.serving.local.worker.plain_answer import dump_answer
from regolo_git.serving.local.worker_orders import WorkerSpec

FOLDERS: list[TemporaryDirectory[str]] = []


def lasting_folder() -> Path:
    """A directory for a model that many examples share; it goes with the process."""
    FOLDERS.append(TemporaryDirectory(prefix="models-"))
    return Path(FOLDERS[-1].name)


def loaded(
    path: Path,
    kind: str,
    *,
    trusted: tuple[str, ...] = (),
    entry_point: str | None = None,
    batch: Batch | None = None,
    **config: Any,
) -> Predictor:
    """The model at a path; nobody looks at its digest here."""
    digest = Digest.parse(f"sha256:{'0' * 64}")
    is_own = entry_point is not None
    spec = WorkerSpec(
        "m", path, digest, kind, entry_point, config, (), False, None, trusted, is_own, batch=batch
    )
    return load_model(spec)


def answer(predictor: Predictor, **body: Any) -> Any:
    """The predictions that `/invocations` answers with; the body goes through JSON as the caller's does."""
    outputs = predictor.predict(read_invocation(json.dumps(body).encode()))
    return json.loads(dump_answer(outputs))


def infer(predictor: Predictor, **tensors: tuple[str, Any]) -> Any:
    """The answer to tensors by name, each a datatype and nested values."""
    types = {name: TensorType(name, kind, shape_of(data)) for name, (kind, data) in tensors.items()}
    named = {name: data for name, (_, data) in tensors.items()}
    return json.loads(dump_answer(predictor.predict(Call(named=named, types=types))))


def shape_of(data: Any) -> tuple[int, ...]:
    """The shape of nested lists of equal lengths."""
    return (len(data), *(shape_of(data[0]) if data else ())) if isinstance(data, list) else ()
