"""What can be done with a version that is at hand, by the methods of the API that takes it by its name."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.references import version_reference

if TYPE_CHECKING:
    from regolo_git.records.environment import Promotion
    from regolo_git.registry.versions.model_version import ModelVersion
    from regolo_git.registry.versions.version_source import VersionSource


class Verbs(Protocol):
    """The methods of `Registry` that take a version."""

    def get_model_version(self, model_id: str, version: str) -> "ModelVersion": ...

    def checkout_model_version(self, *args: Any, **options: Any) -> Path: ...

    def open_model_file(self, *args: Any, **options: Any) -> io.BufferedReader: ...

    def promote_model_version(self, *args: Any, **options: Any) -> "Promotion": ...

    def evaluate_model_version(self, *args: Any, **options: Any) -> "ModelVersion": ...

    def label_model_version(self, *args: Any, **options: Any) -> "ModelVersion": ...

    def retire_model_version(self, *args: Any, **options: Any) -> None: ...


class VersionActions:
    """The methods of a version; each raises what the function of the API raises."""

    if TYPE_CHECKING:
        model_id: str
        version: str
        tag: str | None
        commit: str
        _source: VersionSource

    def checkout(
        self,
        destination: str | Path | None = None,
        *,
        patterns: Sequence[str] = (),
        tensors: Sequence[str] = (),
        **options: Any,
    ) -> Path:
        """Restores its files at its recorded path or at `destination`.

        `options` are `force` and `progress` of `checkout_model_version`.
        """
        return self._verbs().checkout_model_version(
            self.model_id, self.version, destination, patterns=patterns, tensors=tensors, **options
        )

    def open(self, path: str | None = None) -> io.BufferedReader:
        """Opens one of its files for reading: see `open_model_file`."""
        return self._verbs().open_model_file(self.model_id, self.version, path)

    def promote(self, environment: str, replicas: int | None = None, **options: Any) -> "Promotion":
        """Promotes it to an environment; `options` are those of `promote_model_version`."""
        return self._verbs().promote_model_version(
            self.model_id, self.version, environment, replicas, **options
        )

    def evaluate(self, metrics: Mapping[str, object], **options: Any) -> "ModelVersion":
        """Records what was measured of it later; `options` are those of `evaluate_model_version`."""
        return self._verbs().evaluate_model_version(self.model_id, self.version, metrics=metrics, **options)

    def label(self, labels: Mapping[str, str] | None = None, **options: Any) -> "ModelVersion":
        """Gives it labels or removes some; `options` are those of `label_model_version`."""
        return self._verbs().label_model_version(self.model_id, self.version, labels=labels, **options)

    def retire(self, reason: str, **options: Any) -> None:
        """Retires it; `options` are those of `retire_model_version`."""
        self._verbs().retire_model_version(self.model_id, self.version, reason=reason, **options)

    def _verbs(self) -> Verbs:
        """The API on the registry of this version, which still has it under this number."""
        handle, reference = self._source.handle, version_reference(self.model_id, self.version)
        if handle.face is None:
            raise InvalidInput(f"'{reference}' is not bound to a registry", Hint("show", reference))
        if self.tag is None:
            raise NotFound(f"'{reference}' has no tag before it is merged", Hint("list", self.model_id))
        verbs = handle.face(handle)
        if verbs.get_model_version(self.model_id, self.version).commit != self.commit:
            raise Conflict(f"'{reference}' is another version by now", Hint("show", reference))
        return verbs
