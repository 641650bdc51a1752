"""The methods of `Registry` for training code, and for what is recorded of a version after its creation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from regolo_git.api.arguments import lineage_with, reference_to, texts
from regolo_git.api.plain_arguments import plain_arguments
from regolo_git.api.progress import ProgressOption, reporting
from regolo_git.api.versions import VersionVerbs
from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.errors import Conflict, InvalidInput
from regolo_git.records.manifest import Lineage
from regolo_git.registry.again.propose import propose_again
from regolo_git.registry.lookup import get_version
from regolo_git.registry.model_description import describe_model
from regolo_git.registry.models import Model, read_model
from regolo_git.registry.notices import warn
from regolo_git.registry.revisions import revision_at, version_at
from regolo_git.registry.versions.checked_request import model_exists
from regolo_git.registry.versions.evaluate import evaluate
from regolo_git.registry.versions.given_values import given_metrics
from regolo_git.registry.versions.label import label
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.once import AlreadyThere
from regolo_git.registry.versions.request import Bump, VersionRequest
from regolo_git.registry.versions.target_branch import Flow


@plain_arguments
class MeasuringVerbs(VersionVerbs):
    """Methods for what is measured of models."""

    def evaluate_model_version(
        self,
        model_id: str,
        version: str,
        *,
        metrics: Mapping[str, object],
        labels: Mapping[str, str] | None = None,
        message: str | None = None,
        flow: Literal["direct", "propose"] = "direct",
        push: bool | None = None,
    ) -> ModelVersion:
        """Records what was measured of a version after it was created; its manifest stays as it is.

        `metrics` are those of `register_model`, `labels` texts such as `{"suite": "holdout"}`.  Of several
        measurements of one metric the newest counts.  With `flow` "propose" it is committed to a new branch
        for review, and counts after the merge.  `push` is that of `promote_model_version`.  Returns the
        version.  Raises NotFound, InvalidInput, Conflict, TypeError.
        """
        proposed = _is_proposed(flow, "an evaluation")
        evaluate(
            self.handle,
            reference_to(model_id, version),
            given_metrics(self.handle, metrics, warn),
            labels=labels,
            message=message,
            propose=proposed,
            push=push,
        )
        return get_version(self.handle, reference_to(model_id, version))

    def propose_model_version_again(
        self,
        model_id: str | None = None,
        proposal: str | None = None,
        *,
        message: str | None = None,
        push: bool | None = None,
        progress: ProgressOption = None,
    ) -> ModelVersion:
        """Makes a proposal that waits again, on the newest commit of the registry branch.

        It is the only one that waits, of `model_id` if given, or the one with the number or on the branch
        `proposal`.  The bytes and everything that describes them stay the same; the number is the next free
        one if its own is taken by now, and a parent without a tag gives way to the newest tagged version
        before it: a `RegoloNotice` says so.  The branch keeps its name.  `push` is that of
        `promote_model_version`: the remote's branch is replaced too, unless somebody else has moved it, or
        nothing changes.  Returns the version as it is proposed now.  Raises NotFound, InvalidInput if several
        proposals wait, Conflict, IntegrityError, TransportError.
        """
        with reporting(progress, "sending") as tell:
            done = propose_again(
                self.handle, model_id, proposal, message=message, push=push, on_progress=tell
            )
        for remark in done.remarks:
            warn(remark)
        return done.version

    def label_model_version(
        self,
        model_id: str,
        version: str,
        labels: Mapping[str, str] | None = None,
        *,
        remove: Sequence[str] = (),
        message: str | None = None,
        flow: Literal["direct", "propose"] = "direct",
        push: bool | None = None,
    ) -> ModelVersion:
        """Gives a version labels such as `{"approved": "yes"}` after it was created, and removes others.

        A label that it has gets the new value.  With `flow` "propose" they are committed to a new branch for
        review, and count after the merge.  `push` is that of `promote_model_version`.  Returns the version.
        Raises NotFound, also for a label to remove that it has not, InvalidInput, Conflict if it has these
        labels already, TypeError.
        """
        label(
            self.handle,
            reference_to(model_id, version),
            {} if labels is None else labels,
            remove=texts(remove),
            message=message,
            propose=_is_proposed(flow, "labels"),
            push=push,
        )
        return get_version(self.handle, reference_to(model_id, version))

    def describe_model(
        self,
        model_id: str,
        *,
        description: str | None = None,
        owner: str | None = None,
        message: str | None = None,
        flow: Literal["direct", "propose"] = "direct",
        push: bool | None = None,
    ) -> Model:
        """Changes the description and the owner in a model's card, or removes one with an empty text.

        The rest of the card stays as people wrote it.  `flow` and `push` are those of `label_model_version`.
        Returns the model.  Raises NotFound, InvalidInput, Conflict if nothing would change, IntegrityError
        for a card that cannot be read.
        """
        describe_model(
            self.handle,
            model_id,
            description=description,
            owner=owner,
            message=message,
            propose=_is_proposed(flow, "a description"),
            push=push,
        )
        return read_model(self.handle, model_id)

    def log_model(
        self,
        name: str,
        model_data: ArtifactSource,
        *,
        metrics: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        version: str | None = None,
        bump: Bump | None = None,
        parent: str | None = None,
        inherit: bool = True,
        allow_retired: bool = False,
        message: str | None = None,
        lineage: Lineage | None = None,
        serving: Mapping[str, object] | None = None,
        flow: Flow = "auto",
        exclude: Sequence[str] = (),
        strict: bool = False,
        progress: ProgressOption = None,
    ) -> ModelVersion:
        """Registers a model with its first version, or adds a version; for a script that runs every night.

        If nothing is new, neither the content nor any value, no version is created, unless `version` asks for
        one: the one that the branch has, or that waits as a proposal, is returned.  A version with the same
        content and other values is a new one, with a `RegoloNotice`.  Any number of processes may log at
        once; each version gets a number of its own.  With `flow` "propose", the number also steps over
        proposals that wait.

        The arguments are those of `create_model_version`; `bump` says nothing of a first version, which is
        1.0 unless `version` is given.  Raises what `create_model_version` does.
        """
        request = VersionRequest(
            model=name,
            source=model_data,
            new_model=False,
            version=version,
            bump=bump,
            parent=parent,
            inherit=inherit,
            metadata={} if metadata is None else metadata,
            metrics=self._metrics(metrics),
            description=description,
            message=message,
            lineage=lineage_with(lineage, params),
            serving=serving,
            flow=flow,
            exclude=texts(exclude),
            strict=strict,
            once=True,
        )
        try:
            return self._log(request, allow_retired=allow_retired, progress=progress)
        except AlreadyThere as same:
            return version_at(self.handle, revision_at(self.handle, same.commit), name)

    def _log(self, request: VersionRequest, *, allow_retired: bool, progress: ProgressOption) -> ModelVersion:
        model, flow = request.model, request.flow
        if not model_exists(self.handle, model, flow):
            first = replace(request, new_model=True, bump=None, parent=None)
            try:
                return self._create(first, allow_retired=allow_retired, progress=progress).version
            except Conflict:
                if not model_exists(self.handle, model, flow):
                    raise
                # Another writer registered it in the meantime.
        return self._create(request, allow_retired=allow_retired, progress=progress).version


def _is_proposed(flow: str, what: str) -> bool:
    if flow not in ("direct", "propose"):
        raise InvalidInput(f"'{flow}' is not a flow of {what}", "direct or propose")
    return flow == "propose"
