"""Versions that no server could load, said when they get to an endpoint, with what to write.

Otherwise the operator learns of it when the server starts, while the URL is already announced.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import PurePath

from regolo_git.errors import RegoloError
from regolo_git.hints import Hint
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import version_reference
from regolo_git.records.serving_block import ServingBlock, implied_by
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.policy import SAFE_FORMATS
from regolo_git.serving.policy_file import default_policy

PICKLES = {
    **dict.fromkeys(
        (".pkl", ".pickle", ".joblib", ".dill"), "save the model with skops.io.dump(model, PATH.skops)"
    ),
    **dict.fromkeys((".pt", ".pth", ".ckpt"), "export the model to ONNX, or save its weights as safetensors"),
}
SERVING_FILE = "serving.toml"  # any name will do
OWN_CODE = 'entry_point = "module:callable"'
# What to write for a file by its suffix, or for a directory by a file in it.
BLOCKS = {
    ".safetensors": f'format = "safetensors" and {OWN_CODE}',
    "MLmodel": 'format = "mlflow"',
    ".onnx": 'format = "onnx"',
    ".skops": 'format = "skops"',
    ".ubj": 'format = "xgboost"',
    ".cbm": 'format = "catboost"',
    ".tflite": 'format = "tflite"',
}


def notices_of_moved(handle: Handle, names: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """A notice for each version that cannot be loaded at some endpoints, which a promotion has moved."""
    endpoints = map(partial(get_endpoint, handle), names)
    said = [notice for endpoint in endpoints for notice in unloadable_notices(handle, endpoint, environ)]
    return list(dict.fromkeys(said))


def unloadable_notices(
    handle: Handle, endpoint: Endpoint, environ: Mapping[str, str], known: Collection[str] = ()
) -> list[str]:
    """A notice for each version of an endpoint that cannot be loaded, but for those in `known`."""
    versions = {version: pin for version, pin in endpoint.versions.items() if version not in known}
    notices = []
    for version, pin in versions.items():
        manifest = handle.records_at(pin.commit).manifest(endpoint.model)
        reference = version_reference(endpoint.model, version)
        problem = problem_of(manifest) if manifest is not None else None
        # A server of the operator's own may serve any file.
        if problem is not None and reference not in default_policy(handle.paths.top, environ).backends:
            again = Hint("commit", endpoint.model, "--from", version, "--serving", SERVING_FILE, "--yes")
            notices.append(
                f"'{reference}' cannot be served: {problem}, then create a version with it: {again}"
            )
    return notices


def problem_of(manifest: Manifest) -> str | None:
    """Why a version cannot be loaded, and what to write in its serving file; None if it can."""
    if manifest.serving is None:
        if implied_by(manifest.artifact.file_name or "") is not None:
            return None
        pickle = _pickle(manifest)
        written = f"write {_block(manifest)} in {SERVING_FILE}"
        if pickle is None:
            return f"it has no [serving] block; {written}"
        return f"'{pickle}' is a pickle, which only your own code may load; {_advice(pickle)}, or {written}"
    try:
        block = ServingBlock.parse(manifest.serving)
    except RegoloError as error:
        return f"{error.message}; write {_block(manifest)} in {SERVING_FILE}"
    pickle = _pickle(manifest)
    if pickle is None or block.format not in SAFE_FORMATS:
        return None
    otherwise = f"{_advice(pickle)}, or write {OWN_CODE} in {SERVING_FILE}"
    return f"'{pickle}' is a pickle and not {block.format}; {otherwise}"


def _names(manifest: Manifest) -> list[str]:
    """The name of the file, or the paths of the files of a directory as far as the manifest has them."""
    if manifest.artifact.kind == "file":
        return [manifest.artifact.file_name or ""]
    return list(manifest.file_entries(None))


def _pickle(manifest: Manifest) -> str | None:
    """The pickle that the version consists of."""
    names = _names(manifest)
    pickles = [name for name in names if PurePath(name).suffix in PICKLES]
    return pickles[0] if pickles and _known_block(names) is None else None


def _advice(pickle: str) -> str:
    return PICKLES[PurePath(pickle).suffix]


def _known_block(names: Collection[str]) -> str | None:
    kinds = {PurePath(name).suffix for name in names} | {PurePath(name).name for name in names}
    return next((BLOCKS[kind] for kind in BLOCKS if kind in kinds), None)


def _block(manifest: Manifest) -> str:
    return _known_block(_names(manifest)) or OWN_CODE
