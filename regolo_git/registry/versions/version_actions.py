"""What can be done with a version that is at hand, by the methods of the API that takes it by its name."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.references import version_reference

if TYPE_CHECKING:
    from regolo_git.artifacts.progress import OnProgress
    from regolo_git.records.environment import Promotion
    from regolo_git.registry.versions.model_version import ModelVersion
    from regolo_git.registry.versions.version_source import VersionSource


class Verbs(Protocol):
    """The methods of `Registry` that take a version."""

    def get_model_version(self, model_id: str, version: str) -> "ModelVersion": ...

    def checkout_model_version(
        self,
        model_id: str,
        version: str,
        destination: str | Path | None,
        *,
        patterns: Sequence[str],
        tensors: Sequence[str],
        force: bool,
        progress: "OnProgress | bool | None",
    ) -> Path: ...

    def open_model_file(self, model_id: str, version: str, path: str | None) -> io.BufferedReader: ...

    def promote_model_version(
        self,
        model_id: str,
        version: str,
        environment: str,
        replicas: int | None,
        *,
        message: str | None,
        propose: bool,
        unmerged: bool,
        new_environment: bool,
        at_once: bool,
        push: bool | None,
        dry_run: bool,
        progress: "OnProgress | bool | None",
    ) -> "Promotion": ...

    def evaluate_model_version(
        self,
        model_id: str,
        version: str,
        *,
        metrics: Mapping[str, object],
        labels: Mapping[str, str] | None,
        message: str | None,
        flow: Literal["direct", "propose"],
        push: bool | None,
    ) -> "ModelVersion": ...

    def label_model_version(
        self,
        model_id: str,
        version: str,
        labels: Mapping[str, str] | None,
        *,
        remove: Sequence[str],
        message: str | None,
        flow: Literal["direct", "propose"],
        push: bool | None,
    ) -> "ModelVersion": ...

    def retire_model_version(
        self, model_id: str, version: str, *, reason: str, propose: bool, push: bool | None
    ) -> None: ...


class VersionActions:
    """The methods of a version; each raises what the function of the API raises.

    Arguments are those of the function of the API that takes it by its name, with the same defaults.
    """

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
        force: bool = False,
        progress: "OnProgress | bool | None" = None,
    ) -> Path:
        """Restores its files at its recorded path or at `destination`: see `checkout_model_version`."""
        return self._verbs().checkout_model_version(
            self.model_id,
            self.version,
            destination,
            patterns=patterns,
            tensors=tensors,
            force=force,
            progress=progress,
        )

    def open(self, path: str | None = None) -> io.BufferedReader:
        """Opens one of its files for reading: see `open_model_file`."""
        return self._verbs().open_model_file(self.model_id, self.version, path)

    def promote(
        self,
        environment: str,
        replicas: int | None = None,
        *,
        message: str | None = None,
        propose: bool = False,
        unmerged: bool = False,
        new_environment: bool = False,
        at_once: bool = False,
        push: bool | None = None,
        dry_run: bool = False,
        progress: "OnProgress | bool | None" = None,
    ) -> "Promotion":
        """Promotes it to an environment: see `promote_model_version`."""
        return self._verbs().promote_model_version(
            self.model_id,
            self.version,
            environment,
            replicas,
            message=message,
            propose=propose,
            unmerged=unmerged,
            new_environment=new_environment,
            at_once=at_once,
            push=push,
            dry_run=dry_run,
            progress=progress,
        )

    def evaluate(
        self,
        metrics: Mapping[str, object],
        *,
        labels: Mapping[str, str] | None = None,
        message: str | None = None,
        flow: Literal["direct", "propose"] = "direct",
        push: bool | None = None,
    ) -> "ModelVersion":
        """Records what was measured of it later: see `evaluate_model_version`."""
        return self._verbs().evaluate_model_version(
            self.model_id, self.version, metrics=metrics, labels=labels, message=message, flow=flow, push=push
        )

    def label(
        self,
        labels: Mapping[str, str] | None = None,
        *,
        remove: Sequence[str] = (),
        message: str | None = None,
        flow: Literal["direct", "propose"] = "direct",
        push: bool | None = None,
    ) -> "ModelVersion":
        """Gives it labels or removes some: see `label_model_version`."""
        return self._verbs().label_model_version(
            self.model_id, self.version, labels, remove=remove, message=message, flow=flow, push=push
        )

    def retire(self, reason: str, *, propose: bool = False, push: bool | None = None) -> None:
        """Retires it: see `retire_model_version`."""
        self._verbs().retire_model_version(
            self.model_id, self.version, reason=reason, propose=propose, push=push
        )

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
