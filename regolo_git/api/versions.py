"""The methods of `Registry` for models and versions.

Results are frozen values.  Errors are subclasses of `RegoloError`; remarks on a successful call are
`RegoloNotice` warnings.
"""

import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from regolo_git.api.arguments import at_revision, lineage_with, reference_or_latest, reference_to, texts
from regolo_git.api.plain_arguments import plain_arguments
from regolo_git.api.progress import ProgressOption, reporting
from regolo_git.api.value_list import ValueList
from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.errors import Conflict, NotFound
from regolo_git.hints import Hint
from regolo_git.records.manifest import Lineage
from regolo_git.records.names import check_text
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version, list_versions
from regolo_git.registry.models import Model, ModelSummary, proposed_model, read_model, summarize_models
from regolo_git.registry.notices import warn
from regolo_git.registry.remote_versions import RemoteVersion, list_remote_versions
from regolo_git.registry.revision_versions import versions_in
from regolo_git.registry.revisions import version_at_reference
from regolo_git.registry.versions.checkout import checkout_version
from regolo_git.registry.versions.checkout_tensors import checkout_tensors
from regolo_git.registry.versions.create import CreatedVersion, create_version
from regolo_git.registry.versions.given_values import given_metrics
from regolo_git.registry.versions.known_content import KnownContent
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.open_file import open_file
from regolo_git.registry.versions.renumber import renumber
from regolo_git.registry.versions.renumber_plan import plan_renumbering
from regolo_git.registry.versions.request import Bump, VersionRequest
from regolo_git.registry.versions.retire import plan_retirement, retire
from regolo_git.registry.versions.revert import revert_model
from regolo_git.registry.versions.sign import sign
from regolo_git.registry.versions.target_branch import Flow

PathLike = str | Path


@plain_arguments
class VersionVerbs:
    """Methods for models and versions."""

    handle: Handle

    def register_model(
        self,
        name: str,
        model_data: ArtifactSource,
        version: str = "1.0",
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        *,
        metrics: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        version_description: str | None = None,
        message: str | None = None,
        lineage: Lineage | None = None,
        serving: Mapping[str, object] | None = None,
        flow: Flow = "auto",
        exclude: Sequence[str] = (),
        strict: bool = False,
        progress: ProgressOption = None,
    ) -> Model:
        """Registers a model with its first version.

        `model_data` is a path to a file or directory, bytes, a binary file, or a mapping of names to arrays
        (stored as safetensors).  `metadata` may nest strings, numbers, booleans, times and lists.  `metrics`
        maps names to numbers, or to what is known of a measurement: `{"value": 0.912, "n": 2000, "on":
        "test.csv"}` (`on` is a digest or a path, which is hashed; also `stderr`, `runs`, `predictions`).
        Without `metrics`, the numbers of `metadata` are the metrics.  `params` are training parameters, for
        the lineage.  `description` describes the model.  The patterns `exclude` leave out files of a
        directory, as `.gitignore` would; "!.DS_Store" includes what is left out by default.  A file that says
        itself that content is missing is a `RegoloNotice`, and InvalidInput if `strict`.

        `progress` is a function that is called with a `Progress` (bytes done, their total, and how many of
        them were there already), or True for a line on standard error; what it raises stops the call.  Raises
        Conflict if the model exists, InvalidInput, and TypeError for any other `model_data`.
        """
        created = self._create(
            VersionRequest(
                model=name,
                source=model_data,
                new_model=True,
                version=version,
                metadata={} if metadata is None else metadata,
                metrics=self._metrics(metrics),
                description=version_description,
                model_description=description,
                message=message,
                lineage=lineage_with(lineage, params),
                serving=serving,
                flow=flow,
                exclude=texts(exclude),
                strict=strict,
            ),
            progress=progress,
        ).version
        return read_model(self.handle, name) if created.tag else proposed_model(self.handle, created)

    def create_model_version(
        self,
        model_id: str,
        version: str | None = None,
        *,
        model_data: ArtifactSource | ModelVersion | None = None,
        metadata: Mapping[str, object] | None = None,
        metrics: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        description: str | None = None,
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
        """Adds a version to a model; `version` defaults to the next one (`bump` to "minor").

        `model_data` may be an existing version, such as `get_model_version("m", "1.0")` for a version named
        `prod-1.0`: the new version has its content, and its metadata, description, lineage and serving unless
        given again.  `flow` is "direct" (commit and tag immediately), "propose" (a branch for review, no tag)
        or "auto": direct on the registry branch, a commit without a tag on any other.

        `parent` is the version that this one was made from: by default what was last checked out to the path
        of `model_data` or created from it, otherwise the highest version below the new one.  Unless `inherit`
        is False, values that are not given are the parent's: description, metadata without metrics, and
        serving; with the same content everything.  Content that a retired version has is refused unless
        `allow_retired`; content of another version is a `RegoloNotice`.  `metrics`, `params`, `exclude`,
        `strict` and `progress` are those of `register_model`; with `metrics`, a number of `metadata` is a
        metric only if the model card has a rule for it or the parent has it as one.

        Raises NotFound, VersionExists, InvalidInput, Conflict, and TypeError, also without `model_data`.
        """
        if model_data is None:
            raise _lacks_data(version)
        request = VersionRequest(
            model=model_id,
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
        )
        return self._create(request, allow_retired=allow_retired, progress=progress).version

    def _metrics(self, metrics: Mapping[str, object] | None) -> Mapping[str, object] | None:
        return given_metrics(self.handle, metrics, warn) if metrics is not None else None

    def _create(
        self, request: VersionRequest, *, allow_retired: bool = False, progress: ProgressOption = None
    ) -> CreatedVersion:
        known: list[KnownContent] = []

        def judge(content: KnownContent) -> None:
            if content.kind == "retired" and not allow_retired:
                raise Conflict(
                    f"the content is that of '{content.reference}'{content.retirement}",
                    "pass allow_retired=True to create the version anyway",
                )
            known.append(content)

        with reporting(progress, f"storing {request.model}") as tell:
            created = create_version(self.handle, request, on_same_content=judge, on_progress=tell)
        repeated = [
            f"'{created.version.reference}' has the same content as version '{content.version}'"
            f"{content.retirement}"
            for content in known
        ]
        for notice in (*repeated, *created.notices):
            warn(notice)
        return created

    def get_model_version(
        self, model_id: str, version: str = "latest", rev: str | None = None
    ) -> ModelVersion:
        """A version by number or name, "latest", or the environment it is promoted to.

        `model_id` may be a whole reference instead, such as "sentiment@1.0" or "sentiment@production".  With
        `rev`, the version that a branch, a proposal or any commit has, and "" is the work tree; a number that
        is given too must be its.  Raises NotFound.
        """
        if rev is None:
            return get_version(self.handle, reference_or_latest(model_id, version))
        found = version_at_reference(self.handle, at_revision(model_id, rev))
        wanted = reference_to(model_id, version)
        if wanted.latest or wanted.version == Version.parse(found.version):
            return found
        raise NotFound(f"'{rev}' has '{found.reference}', not '{wanted}'", Hint("show", f"{rev}:{model_id}"))

    def list_model_versions(self, model_id: str, rev: str | None = None) -> ValueList[ModelVersion]:
        """The versions of a model, lowest first.

        With `rev`, those in the history of a branch, a proposal or any commit, also without a tag.  Raises
        NotFound.
        """
        if rev is not None:
            return ValueList(versions_in(self.handle, at_revision(model_id, rev)))
        return ValueList(list_versions(self.handle, model_id))

    def list_remote_versions(self, model_id: str) -> ValueList[RemoteVersion]:
        """The versions of a model at the remote of the registry branch, lowest first; nothing is fetched.

        `presence` says whether this clone has each: "here", "absent", or "differs" for another version under
        the same number.  Raises NotFound without a remote, or if it has no version of the model,
        TransportError.
        """
        return ValueList(list_remote_versions(self.handle, model_id))

    def get_model(self, name: str) -> Model:
        """A model with its card and its versions.  Raises NotFound."""
        return read_model(self.handle, name)

    def list_models(self) -> ValueList[ModelSummary]:
        """Every model with a version, sorted by name."""
        return ValueList(summarize_models(self.handle))

    def checkout_model_version(
        self,
        model_id: str,
        version: str = "latest",
        destination: PathLike | None = None,
        *,
        patterns: Sequence[str] = (),
        tensors: Sequence[str] = (),
        force: bool = False,
        progress: ProgressOption = None,
    ) -> Path:
        """Restores the files of a version at its recorded path or at `destination`; returns that path.

        `model_id` may be a reference such as "sentiment@1.0".  A single file goes into a directory that is
        there, or is created if `destination` ends in a slash.
        All content is verified before a file is replaced.  Raises NotFound, Conflict if a file whose content
        matches no version would be overwritten (unless `force`), IntegrityError.

        `patterns` select files of a directory, by globs.  With `tensors`, names or globs, `destination` is a
        new safetensors file that has these tensors only.
        """
        check_out = partial(checkout_tensors, names=texts(tensors)) if tensors else checkout_version
        reference = reference_or_latest(model_id, version)
        with reporting(progress, f"checking out {reference}") as tell:
            done = check_out(
                self.handle,
                reference,
                destination=destination,
                patterns=texts(patterns),
                force=force,
                on_fetch=tell,
                on_progress=tell,
            )
        return done.path

    def open_model_file(
        self, model_id: str, version: str = "latest", path: str | None = None
    ) -> io.BufferedReader:
        """A file of a version, opened for reading: only the chunks that hold what is read are fetched.

        `model_id` may be a reference; `path` is the file's path in a directory.  Every byte is verified
        before it is returned.  Raises NotFound, InvalidInput; reading raises IntegrityError, TransportError.
        """
        return open_file(self.handle, reference_or_latest(model_id, version), path)

    def rollback_model(
        self, model_id: str, to_version: str, *, message: str | None = None, unmerged: bool = False
    ) -> ModelVersion:
        """Makes an older version current on the branch again, with a new commit; tags do not change.

        Raises NotFound, Conflict if it is the current one, PolicyRefused for a version that is retired or, on
        a released branch without `unmerged`, not merged.
        """
        return revert_model(self.handle, reference_to(model_id, to_version), message, unmerged=unmerged)

    def renumber_model_version(self, model_id: str, version: str) -> ModelVersion:
        """Gives a version that was never pushed the next free number; returns it under that number.

        Unpushed versions that follow it get new numbers too, and environments and endpoints follow.  Raises
        NotFound, InvalidInput, Conflict for a version that was pushed or a branch that has diverged with
        other commits.
        """
        return renumber(self.handle, plan_renumbering(self.handle, reference_to(model_id, version)))[0]

    def sign_model_version(self, model_id: str, version: str) -> ModelVersion:
        """Has git sign the tag of a version, as it would sign a tag of yours, in a note on the tag object.

        Does nothing if somebody in `.regolo/allowed_signers` has signed it; `push` pushes the note.  Returns
        the version, whose `signed_by` is None if your key is not listed.  Raises NotFound, IntegrityError,
        Conflict if git cannot sign, MissingDependency without `ssh-keygen` or `gpg`.
        """
        sign(self.handle, reference_to(model_id, version))
        return get_version(self.handle, reference_to(model_id, version))

    def retire_model_version(
        self,
        model_id: str,
        version: str,
        *,
        reason: str,
        propose: bool = False,
        push: bool | None = None,
    ) -> None:
        """Retires a version: keeps its tag and history, but no longer guarantees its content.

        With `propose` the commit goes to a branch for review; `push` is that of `promote_model_version`.
        Raises NotFound, PolicyRefused if an environment or endpoint uses it, InvalidInput without a reason.
        """
        parsed = Version.parse(check_text("a version", version))
        reference = Reference.of(check_text("the name of a model", model_id), parsed)
        plan = plan_retirement(self.handle, reference, check_text("the reason", reason))
        retire(self.handle, plan, propose=propose, push=push)

    delete_model_version = retire_model_version


def _lacks_data(version: str | None) -> TypeError:
    taken = f": {version!r} is the version" if version is not None else ""
    return TypeError(f"create_model_version() needs model_data={taken}; pass model_data=PATH")
