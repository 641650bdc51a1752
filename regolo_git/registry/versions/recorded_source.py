"""The files of a model where its manifest says that they are, for a new version whose path nobody typed."""

import os
from pathlib import Path
from typing import NamedTuple

from regolo_git.artifacts.progress import OnProgress
from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.names import check_model_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import model_rows
from regolo_git.registry.versions.checkout import head_records
from regolo_git.registry.versions.status import work_status
from regolo_git.text.printable import printable


class RecordedSource(NamedTuple):
    """A model, its path relative to the working directory, and the patterns that its version leaves out."""

    model: str
    path: Path
    exclude: tuple[str, ...]


def recorded_source(handle: Handle, model: str) -> RecordedSource:
    """The files of a model at the path of its version in HEAD, or else on the registry branch.

    Raises NotFound if there is no such model or file, InvalidInput if no path is recorded.
    """
    manifest = head_records(handle).manifest(check_model_name(model)) or handle.records().manifest(model)
    if manifest is None:
        raise _no_model(handle, model)
    source = _source(handle, manifest)
    if source is None:
        text = f"'{manifest.reference}' has no recorded path: its content was not from the work tree"
        raise InvalidInput(text, Hint("commit", model, "PATH"))
    if not os.path.lexists(source.path):
        text = f"'{printable(str(source.path))}', the recorded path of '{model}', is not there"
        raise NotFound(text, Hint("checkout", manifest.reference))
    return source


def modified_sources(handle: Handle, on_progress: OnProgress) -> list[RecordedSource]:
    """The files of the only model of HEAD, modified or not; of several models, those that are modified.

    Files with the content of another version are not: they were checked out, and a notice says so.  Raises
    NotFound if there is no model, Conflict if none of several is modified.
    """
    models = [manifest.model for manifest in handle.readable(head_records(handle).manifests())]
    if not models:
        handle.registry_branch()  # raises a clearer error if this is not a registry
        raise NotFound("there is no model in this commit", Hint("register", "MODEL", "PATH"))
    if len(models) == 1:
        return [recorded_source(handle, models[0])]
    modified = [a for a in work_status(handle, on_progress=on_progress).artifacts if a.state == "modified"]
    for artifact in modified:
        if artifact.holds is not None:
            again = Hint("commit", artifact.model)
            handle.notice(
                f"'{artifact.path}' has the content of version {artifact.holds}: {handle.step(again)}"
            )
    found = [recorded_source(handle, artifact.model) for artifact in modified if artifact.holds is None]
    if not found:
        raise Conflict(f"nothing to commit: none of {len(models)} models is modified", Hint("status"))
    return found


def _source(handle: Handle, manifest: Manifest) -> RecordedSource | None:
    top, artifact = handle.paths.work_tree, manifest.artifact
    if top is None or artifact.path is None:
        return None
    return RecordedSource(manifest.model, Path(os.path.relpath(top / artifact.path)), artifact.exclude)


def _no_model(handle: Handle, model: str) -> NotFound:
    """The error for a model that neither HEAD nor the registry branch has."""
    manifests = handle.readable(head_records(handle).manifests())
    for source in filter(None, (_source(handle, manifest) for manifest in manifests)):
        if source.path == Path(model):
            text = f"there is no model '{model}': it is the path of '{source.model}'"
            return NotFound(text, Hint("commit", source.model, model))
    model_rows(handle, model, newest=1)  # raises an error that suggests the nearest name
    return NotFound(f"the checked-out commit does not have '{model}'", Hint("commit", model, "PATH"))
