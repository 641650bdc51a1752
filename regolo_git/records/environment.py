"""A promotion: the version of a model in an environment, `environments/<environment>/<model>.toml`."""

from dataclasses import dataclass, field
from typing import Self

from regolo_git.errors import IntegrityError
from regolo_git.records.digests import Digest
from regolo_git.records.names import check_environment_name, check_model_name
from regolo_git.records.paths import environment_path
from regolo_git.records.pins import check_commit, check_replicas
from regolo_git.records.references import version_reference
from regolo_git.records.tables import TableReader, of_file
from regolo_git.records.toml_text import Table, TomlValue, dump_document
from regolo_git.records.versions import Version
from regolo_git.text.json_values import Plain

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Promotion:
    """A version promoted to an environment, pinned by commit and digest."""

    model: str
    environment: str
    version: str
    commit: str
    digest: Digest
    replicas: int
    unknown: Table = field(default_factory=dict)

    def to_dict(self) -> Plain:
        """The promotion as plain values."""
        return {
            "model": self.model,
            "version": self.version,
            "environment": self.environment,
            "replicas": self.replicas,
            "commit": self.commit,
            "digest": str(self.digest),
        }

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)

    def to_text(self) -> str:
        """The canonical text of the file."""
        document: dict[str, TomlValue] = {
            "format": FORMAT,
            "model": self.model,
            "environment": self.environment,
            "version": self.version,
            "commit": self.commit,
            "digest": str(self.digest),
            "replicas": self.replicas,
        }
        return dump_document(document | dict(sorted(self.unknown.items())))

    @classmethod
    def parse(cls, text: str | bytes, path: str) -> Self:
        """Parses the file at `path`.  Raises IntegrityError, naming it."""
        with of_file(path):
            reader = TableReader.of_document(text, f"'{path}'", newest=FORMAT)
            promotion = cls(
                model=check_model_name(reader.take("model", str)),
                environment=check_environment_name(reader.take("environment", str)),
                version=reader.take("version", str),
                commit=check_commit(reader.take("commit", str)),
                digest=Digest.parse(reader.take("digest", str)),
                replicas=check_replicas(reader.take("replicas", int)),
                unknown=reader.rest,
            )
            Version.parse(promotion.version)
            if environment_path(promotion.environment, promotion.model) != path:
                raise IntegrityError(
                    f"'{path}' names model '{promotion.model}' and environment '{promotion.environment}'"
                )
        return promotion
