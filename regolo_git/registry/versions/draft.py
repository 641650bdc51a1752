"""A version before it is published: the manifest, message and tag for a request on a branch's tip.

This module has everything that depends on the tip, because it runs again when another writer commits first.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from regolo_git.artifacts.ingest.ingest import Ingested
from regolo_git.artifacts.source.twins import difference
from regolo_git.errors import InvalidInput
from regolo_git.git.ignore import Ignored, reinclusion_warning
from regolo_git.git.new_commit import NewCommit, NewTag
from regolo_git.records.commit_message import with_paragraph
from regolo_git.records.manifest import FileEntry, Manifest
from regolo_git.records.model_card import new_card_text
from regolo_git.records.names import check_file_name
from regolo_git.records.paths import card_path, manifest_path
from regolo_git.records.places import check_members
from regolo_git.records.seal import sealed
from regolo_git.records.serving_block import implied_by, is_implied
from regolo_git.records.toml_text import Table
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, check_tag_name, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.carried import Described, Given, described, inherited
from regolo_git.registry.versions.held import Held
from regolo_git.registry.versions.measured import check_predictions
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.number import free_number, writes_zero_patch
from regolo_git.registry.versions.parent import choose_parent, parent_manifest
from regolo_git.registry.versions.request import VersionRequest
from regolo_git.registry.versions.target_branch import TargetBranch
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

LEFT_OUT_SHOWN, PROBLEMS_SHOWN = 5, 10
ARRAYS_SUFFIX = ".safetensors"


class Drafted(NamedTuple):
    """The manifest of a draft, what of it came from the parent, and the manifest that the branch had."""

    manifest: Manifest
    described: Described
    previous: Manifest | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A version before it is published; `prepare` may run several times, each on different records.

    `repeats` is what an interrupted run committed that may have been this one.
    """

    handle: Handle
    request: VersionRequest
    target: TargetBranch
    version: Version | None
    given: Given
    serving: Table | None
    held: Held | None
    place: str | None
    ingested: Ingested
    ignored: Ignored | None
    untagged: tuple[Version, ...]  # on the registry branch
    waiting: tuple[Version, ...]  # as proposals
    repeats: Manifest | None = None

    def prepare(self, records: RecordsAt) -> NewCommit[Drafted]:
        """The commit that adds the version to a branch with these records."""
        model = self.request.model
        previous, card = records.manifest(model), records.card(model)
        again = Version.parse(self.repeats.version) if self.repeats is not None else None
        version = free_number(
            self.handle,
            model,
            self.version,
            self.request.bump,
            previous,
            self.untagged,
            waiting=self.waiting,
            repeats=again,
        )
        zero_patch = writes_zero_patch(self.handle, model, card, version)
        name = self._parent(version, previous)
        parent = parent_manifest(self.handle, model, name, previous) if name is not None else None
        about = self._described(parent, {*card.metrics, *card.gates} if card is not None else set())
        manifest = self._manifest(version, zero_patch, name, parent, about)
        if self.request.once and self.version is None:
            from regolo_git.registry.versions.once import refuse_same  # noqa: PLC0415 - not for a commit

            refuse_same(self.handle, self.target, manifest, previous, records.registry)
        files: dict[str, bytes | None] = {manifest_path(model): manifest.to_text().encode()}
        if card is None:
            files[card_path(model)] = new_card_text(
                description=self.request.model_description, zero_patch=zero_patch
            ).encode()
        if self.ignored is not None and self.ignored.content is not None:
            files[self.ignored.path] = self.ignored.content
        tag = self._tag(manifest) if self.target.tagged else None
        return NewCommit(files, self._message(manifest), Drafted(manifest, about, previous), tag)

    def _parent(self, version: Version, previous: Manifest | None) -> str | None:
        if self.repeats is None or self.request.parent is not None:
            return choose_parent(self.handle, self.request, version, held=self.held, on_branch=previous)
        # The interrupted run may have noted that the path now holds its version.
        return self.repeats.parents[0] if self.repeats.parents else None

    def _described(self, parent: Manifest | None, ruled: set[str]) -> Described:
        source = self.request.source
        if isinstance(source, ModelVersion) and self.request.inherit:
            return inherited(self.given, source.manifest, ruled=ruled)
        if parent is None or not self.request.inherit:
            return described(self.given, None, same_bytes=False, ruled=ruled)
        same = parent.artifact.digest == self.ingested.artifact.digest
        return described(self.given, parent, same_bytes=same, ruled=ruled)

    def _manifest(
        self,
        version: Version,
        zero_patch: bool,
        parent_name: str | None,
        parent: Manifest | None,
        about: Described,
    ) -> Manifest:
        ingested = self.ingested
        check_members(self.place, (file.path for file in ingested.files))
        directory = ingested.artifact.kind == "directory"
        manifest = Manifest(
            model=self.request.model,
            version=version.text(zero_patch=zero_patch),
            description=about.description,
            build=version.build,
            parents=(parent_name,) if parent_name is not None else (),
            artifact=replace(
                ingested.artifact,
                path=self.place,
                name=self._name(parent),
                file_count=len(ingested.files) if directory and len(ingested.files) > 200 else None,
            ),
            files={f.path: FileEntry(f.size, f.digest) for f in ingested.files}
            if directory and len(ingested.files) <= 200
            else None,
            metrics=about.metrics,
            metadata=about.metadata,
            lineage=about.lineage,
            serving=self._serving(parent),
            unknown={},
        )
        if any(measurement.predictions is not None for measurement in about.metrics.values()):
            files = {file.path: FileEntry(file.size, file.digest) for file in ingested.files}
            check_predictions(about.metrics, files if directory else manifest.file_entries(None))
        return sealed(manifest)

    def _name(self, parent: Manifest | None) -> str | None:
        """The name of a file from outside the work tree, or of arrays; None if it is not portable."""
        source = self.request.source
        if isinstance(source, ModelVersion):
            return source.manifest.artifact.name
        with suppress(InvalidInput):
            if isinstance(source, Mapping):
                return self._name_of_arrays(parent)
            if (
                self.place is None
                and isinstance(source, str | Path)
                and self.ingested.artifact.kind == "file"
            ):
                return check_file_name(Path(source).name)
        return None

    def _name_of_arrays(self, parent: Manifest | None) -> str:
        """The parent's name for the same kind of file, so that a comparison shows one file that changed."""
        before = parent.artifact.file_name if parent is not None and parent.artifact.kind == "file" else None
        if before is not None and before.endswith(ARRAYS_SUFFIX):
            return before
        return check_file_name(self.request.model.rpartition("/")[2] + ARRAYS_SUFFIX)

    def _serving(self, parent: Manifest | None) -> Table | None:
        """The given block, else the parent's; an implied block follows the file name instead."""
        if self.serving is not None:
            return self.serving
        before = parent.serving if parent is not None and self.request.inherit else None
        source = self.request.source
        implied = implied_by(Path(source).name) if isinstance(source, str | Path) else None
        if implied is None or self.ingested.artifact.kind == "directory":
            return before
        if before is None:
            # In the work tree the recorded path implies the block; release 0.1 records no name of a file
            # from elsewhere.
            return implied.to_mapping() if self.place is None else None
        return implied.to_mapping() if is_implied(before) else before

    def _message(self, manifest: Manifest) -> str:
        if self.request.message:
            return with_paragraph(self.request.message, manifest.reference)
        verb = "register" if self.request.new_model else "add"
        return f"{verb} {manifest.reference}\n"

    def _tag(self, manifest: Manifest) -> NewTag:
        message, path = self.request.message or manifest.reference, manifest_path(manifest.model)
        bump = (self.request.bump or "minor") if self.version is None else None
        return NewTag(
            check_tag_name(tag_name(manifest.model, manifest.version)),
            lambda blobs: TagMessage.of(manifest, message, blobs[path], bump=bump).to_text(),
        )

    def left_behind(self, made: Drafted) -> Iterator[str]:
        """The version before on a branch that is not merged yet: a merge brings the last manifest alone."""
        before = made.previous
        if before is None or self.target.tagged or self.target.new_branch:
            return
        if self.handle.index.find(*before.key) is None and Version.parse(before.version) not in self.untagged:
            alone = f"a merge commit or a squash of this branch tags {made.manifest.version} alone"
            yield f"{before.version} is not merged: {alone}, unless {before.version} is merged first"

    def notices(self) -> tuple[str, ...]:
        """Notices for the user once the version is published."""
        problems = self.ingested.problems
        texts = [_left_out(self.ingested.left_out), *map(str, problems[:PROBLEMS_SHOWN])]
        if len(problems) > PROBLEMS_SHOWN:
            texts.append(f"{len(problems) - PROBLEMS_SHOWN} more files are not complete")
        texts += map(_alike, self.ingested.alike[:PROBLEMS_SHOWN])
        if self.ignored is not None and self.place is not None:
            texts += [self.ignored.text, reinclusion_warning(self.handle.git, self.place)]
        return tuple(text for text in texts if text)


def _alike(names: tuple[str, str]) -> str:
    first, second = (printable(name) for name in names)
    if first == second:  # told apart by their bytes only
        first, second = (name.encode("ascii", "backslashreplace").decode() for name in names)
    return (
        f"'{first}' and '{second}' differ only in {difference(*names)}: "
        "they cannot both be checked out on macOS or Windows"
    )


def _left_out(paths: Sequence[str]) -> str | None:
    names = [f"'{printable(path)}'" for path in paths[:LEFT_OUT_SHOWN]]
    again = "a pattern with '!' in front includes it again"
    return f"left out {few_of(names, len(paths))} ({again})" if names else None
