"""The manifest: the file of one version that people review.

Known keys come first in a fixed order, unknown keys after them.  The same value always gives the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Self, cast

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import ALGORITHMS, Digest
from regolo_git.records.measurement import Measurement, measurements_table, read_measurements
from regolo_git.records.metadata import MetadataValue, metrics_of, with_values, without_metrics
from regolo_git.records.names import check_artifact_path, check_file_name, check_model_name, check_text
from regolo_git.records.places import check_members, check_place
from regolo_git.records.references import version_reference
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document
from regolo_git.records.versions import Version
from regolo_git.text.json_values import Plain, plain

if TYPE_CHECKING:
    from regolo_git.records.recipe import Kind, Recipe

FORMAT = 1


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file in a directory: its size in bytes and its digest."""

    size: int
    digest: Digest
    unknown: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artifact:
    """The stored content of a version.  `path` is its place in a work tree, None for in-memory data.

    `file_count` is set if a directory has too many files to list; `exclude` are the patterns that were given
    for files that are not part of it; `name` is that of a file from outside the work tree, or of arrays.
    """

    kind: "Kind"
    path: str | None
    digest: Digest
    size: int
    recipe: Digest
    file_count: int | None = None
    exclude: tuple[str, ...] = ()
    name: str | None = None
    unknown: Table = field(default_factory=dict)

    @property
    def file_name(self) -> str | None:
        """The last part of its path, or the name that a file had elsewhere; None if neither is known."""
        return self.path.rsplit("/", 1)[-1] if self.path is not None else self.name

    @classmethod
    def of(cls, recipe: "Recipe") -> Self:
        """The artifact that a recipe rebuilds, without a path."""
        return cls(recipe.kind, None, recipe.artifact_digest, recipe.size, recipe.address)


@dataclass(frozen=True, slots=True)
class Lineage:
    """The origin of a version: a code commit, data by name and digest, parameters, a base version."""

    code: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, TomlValue] = field(default_factory=dict)
    base: str | None = None
    unknown: Table = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in ("code", "base"):
            value = getattr(self, what)
            if value is not None:
                object.__setattr__(self, what, check_text(f"lineage '{what}'", value))
        if not isinstance(self.data, Mapping):
            raise TypeError(f"lineage data must map names to digests, not {self.data!r}")
        data = {
            check_text("the name of lineage data", name): check_text(f"lineage data '{name}'", digest)
            for name, digest in self.data.items()
        }
        object.__setattr__(self, "data", data)

    def to_dict(self) -> Plain:
        """The origin as plain values."""
        return {
            "code": self.code,
            "base": self.base,
            "data": dict(self.data),
            "parameters": plain(self.parameters),
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of one version.

    `metrics` is None where there is no such table; `seal` is None in manifests that release 0.1 wrote, whose
    metrics are the numbers of the metadata.
    """

    model: str
    version: str
    artifact: Artifact
    description: str | None = None
    build: str | None = None
    parents: tuple[str, ...] = ()
    seal: str | None = None
    files: Mapping[str, FileEntry] | None = None
    metrics: Mapping[str, Measurement] | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    lineage: Lineage | None = None
    serving: Table | None = None
    unknown: Table = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)

    @property
    def key(self) -> tuple[str, str]:
        """The model, and the identity of the version (`1.1.0`)."""
        return self.model, _parse_version(self.version).identity

    @property
    def file_name(self) -> str:
        """The name of a single file: its own, or else the model's."""
        return self.artifact.file_name or self.model.rsplit("/", 1)[-1]

    @property
    def has_own_metrics(self) -> bool:
        """Whether metrics are separate from metadata; in those of release 0.1, each number is a metric."""
        return self.metrics is not None or self.seal is not None

    @property
    def measurements(self) -> Mapping[str, Measurement]:
        """The metrics by dotted name, whichever release wrote them."""
        if self.has_own_metrics:
            return self.metrics or {}
        return {name: Measurement(value) for name, value in metrics_of(self.metadata).items()}

    @property
    def metric_values(self) -> dict[str, int | float]:
        """The values of the metrics by dotted name."""
        return {name: measurement.value for name, measurement in self.measurements.items()}

    @property
    def plain_metadata(self) -> Mapping[str, MetadataValue]:
        """The metadata that are not metrics."""
        return self.metadata if self.has_own_metrics else without_metrics(self.metadata)

    @property
    def shown_metadata(self) -> Mapping[str, MetadataValue]:
        """The metadata with each metric's value at its dotted place, as release 0.1 wrote them."""
        return with_values(self.metadata, self.metric_values) if self.metrics else self.metadata

    def file_entries(self, recipe: "Recipe | None") -> dict[str, FileEntry]:
        """The files by path, from the manifest or else from the recipe; a single file by its name."""
        if self.artifact.kind == "file":
            return {self.file_name: FileEntry(self.artifact.size, self.artifact.digest)}
        if self.files is not None:
            return dict(self.files)
        return {file.path: FileEntry(file.size, file.digest) for file in recipe.files} if recipe else {}

    def to_text(self) -> str:
        """The canonical text.  Raises InvalidInput for a value that TOML cannot represent."""
        return dump_document(self.document(), "the manifest")

    def document(self) -> dict[str, TomlValue]:
        """Its keys and tables in their order."""
        document: dict[str, TomlValue] = {"format": FORMAT, "model": self.model, "version": self.version}
        if self.description is not None:
            document["description"] = self.description
        if self.build is not None:
            document["build"] = self.build
        if self.parents:
            document["parents"] = list(self.parents)
        if self.seal is not None:
            document["seal"] = self.seal
        document["artifact"] = _artifact_table(self.artifact)
        if self.files is not None:
            document["files"] = {
                path: {"size": entry.size, entry.digest.algorithm: entry.digest.hex}
                | dict(sorted(entry.unknown.items()))
                for path, entry in sorted(self.files.items(), key=lambda item: item[0].encode())
            }
        if self.metrics:
            document["metrics"] = measurements_table(self.metrics)
        if self.metadata:
            document["metadata"] = cast(Table, self.metadata)
        if self.lineage is not None:
            document["lineage"] = _lineage_table(self.lineage)
        if self.serving is not None:
            document["serving"] = self.serving
        return document | dict(sorted(self.unknown.items()))

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses a manifest.  Raises IntegrityError if it is damaged, NewerFormat if it is too new."""
        reader = TableReader.of_document(text, "the manifest", newest=FORMAT)
        try:
            return cls._read(reader)
        except InvalidInput as error:
            raise IntegrityError(f"the manifest is not valid: {error.message}") from error

    @classmethod
    def _read(cls, reader: TableReader) -> Self:
        manifest = cls(
            model=_check_model_name(reader.take("model", str)),
            version=reader.take("version", str),
            description=reader.take_optional("description", str),
            build=reader.take_optional("build", str),
            parents=reader.take_texts("parents"),
            seal=reader.take_optional("seal", str),
            artifact=_read_artifact(reader.take_table("artifact")),
            files=_read_files(reader) if "files" in reader.rest else None,
            metrics=read_measurements(reader.take_table("metrics")) if "metrics" in reader.rest else None,
            metadata=cast(dict[str, MetadataValue], reader.take_optional("metadata", dict) or {}),
            lineage=_read_lineage(reader.take_table("lineage")) if "lineage" in reader.rest else None,
            serving=reader.take_optional("serving", dict),
            unknown=reader.rest,
        )
        _parse_version(manifest.version)
        _check_files(manifest)
        return manifest


# Many manifests have the same names and numbers.
_check_model_name = lru_cache(maxsize=4096)(check_model_name)
_parse_version = lru_cache(maxsize=4096)(Version.parse)


def check_values(
    description: str | None,
    metadata: Mapping[str, MetadataValue],
    metrics: Mapping[str, Measurement],
    lineage: Lineage | None,
    serving: Table | None,
) -> None:
    """Raises InvalidInput, naming the largest value, for values that no manifest can hold."""
    values: dict[str, TomlValue] = {"metadata": cast(Table, metadata), "metrics": measurements_table(metrics)}
    if description is not None:
        values["description"] = description
    if lineage is not None:
        values["lineage"] = _lineage_table(lineage)
    if serving is not None:
        values["serving"] = serving
    dump_document(values, "the manifest")


def _check_files(manifest: Manifest) -> None:
    artifact, files = manifest.artifact, manifest.files
    if artifact.kind == "file" and (files is not None or artifact.file_count is not None):
        raise IntegrityError("the manifest of a single file has [files] or 'file_count'")
    if files is not None and sum(entry.size for entry in files.values()) != artifact.size:
        raise IntegrityError("the file sizes in the manifest do not add up to the artifact's size")
    check_members(artifact.path, files or ())
    if artifact.kind == "directory" and (files is None) == (artifact.file_count is None):
        raise IntegrityError("the manifest of a directory needs either [files] or 'file_count'")


def _artifact_table(artifact: Artifact) -> dict[str, TomlValue]:
    table: dict[str, TomlValue] = {"kind": artifact.kind}
    if artifact.path is not None:
        table["path"] = artifact.path
    table |= {"digest": str(artifact.digest), "size": artifact.size, "recipe": str(artifact.recipe)}
    if artifact.file_count is not None:
        table["file_count"] = artifact.file_count
    if artifact.exclude:
        table["exclude"] = list(artifact.exclude)
    # Releases without the key have it among the unknown ones, and must compute the same seal.
    named: Table = {"name": artifact.name} if artifact.name is not None else {}
    return table | dict(sorted({**artifact.unknown, **named}.items()))


def _read_artifact(reader: TableReader) -> Artifact:
    kind, path = reader.take("kind", str), reader.take_optional("path", str)
    if kind not in ("file", "directory"):
        raise IntegrityError(f"'kind' in {reader.what} is neither file nor directory")
    artifact = Artifact(
        kind=cast("Kind", kind),
        path=check_place(check_artifact_path(path)) if path is not None else None,
        digest=Digest.parse(reader.take("digest", str)),
        size=reader.take("size", int),
        recipe=Digest.parse(reader.take("recipe", str)),
        file_count=reader.take_optional("file_count", int),
        exclude=reader.take_texts("exclude"),
        name=check_file_name(name) if (name := reader.take_optional("name", str)) is not None else None,
        unknown=reader.rest,
    )
    if artifact.size < 0 or artifact.recipe.algorithm != "blake3":
        raise IntegrityError(f"{reader.what} has a negative size or a recipe that is not BLAKE3")
    return artifact


def _read_files(manifest: TableReader) -> dict[str, FileEntry]:
    files = {}
    for path, reader in manifest.take_tables("files"):
        size = reader.take("size", int)
        digests = [Digest(name, reader.take(name, str)) for name in ALGORITHMS if name in reader.rest]
        if size < 0 or len(digests) != 1:
            raise IntegrityError(f"{reader.what} does not have a size and exactly one digest")
        files[check_artifact_path(path)] = FileEntry(size, digests[0], reader.rest)
    return files


def _lineage_table(lineage: Lineage) -> dict[str, TomlValue]:
    table: dict[str, TomlValue] = {}
    if lineage.code is not None:
        table["code"] = lineage.code
    if lineage.base is not None:
        table["base"] = lineage.base
    if lineage.data:
        table["data"] = dict(sorted(lineage.data.items()))
    if lineage.parameters:
        table["parameters"] = lineage.parameters
    return table | dict(sorted(lineage.unknown.items()))


def _read_lineage(reader: TableReader) -> Lineage:
    return Lineage(
        code=reader.take_optional("code", str),
        base=reader.take_optional("base", str),
        data=_read_data(reader.take_table("data")),
        parameters=reader.take_optional("parameters", dict) or {},
        unknown=reader.rest,
    )


def _read_data(reader: TableReader) -> dict[str, str]:
    return {name: reader.take(name, str) for name in tuple(reader.rest)}
