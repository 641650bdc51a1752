"""What a version reads from Git on first use: its manifest, evaluations and signature.

The values of a list are cheap because of it, and they can be pickled: a handle is pickled by its paths.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.registry.handle import Handle

if TYPE_CHECKING:
    from regolo_git.records.evaluations import Evaluations
    from regolo_git.records.manifest import Manifest


class VersionSource(Protocol):
    """Reads what is known of a version beyond its tag; `handle` is the registry that has it."""

    @property
    def handle(self) -> Handle: ...

    def manifest(self) -> "Manifest":
        """The manifest.  Raises IntegrityError."""

    def evaluations(self) -> "Evaluations":
        """What was measured of the model's versions later.  Raises IntegrityError."""

    def signature(self) -> str | None:
        """The armored signature of its tag; None without one."""

    def signer(self) -> str | None:
        """Who of the registry's signers has signed it; None if nobody has."""


class Unbound:
    """Of a version that somebody has constructed; whatever it is asked for raises InvalidInput."""

    @property
    def handle(self) -> Handle:
        """Raises InvalidInput."""
        raise _not_bound()

    def manifest(self) -> "Manifest":
        """Raises InvalidInput."""
        raise _not_bound()

    def evaluations(self) -> "Evaluations":
        """Raises InvalidInput."""
        raise _not_bound()

    def signature(self) -> str | None:
        """Raises InvalidInput."""
        raise _not_bound()

    def signer(self) -> str | None:
        """Raises InvalidInput."""
        raise _not_bound()


def _not_bound() -> InvalidInput:
    return InvalidInput("the version is not bound to a registry", Hint("show", "MODEL@VERSION"))


UNBOUND: VersionSource = Unbound()


@dataclass(frozen=True, slots=True)
class TaggedSource:
    """Of a version with a tag; `listed` are tags whose manifests are likely read as well."""

    handle: Handle
    row: TagRow
    listed: Sequence[TagRow] = field(default=(), repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # Not those listed beside it: one version out of many would be as large as all of them.
        return TaggedSource, (self.handle, self.row)

    def manifest(self) -> "Manifest":
        """The manifest in the reviewed commit."""
        from regolo_git.registry.versions.tagged_manifest import (  # noqa: PLC0415 - `list` needs no manifest
            fetch_manifests,
            read_tagged_manifest,
        )

        git = self.handle.git
        if git.promised is not None and not git.has(self.row.manifest_oid):
            fetch_manifests(self.handle, self.listed or [self.row])
        return read_tagged_manifest(self.handle, self.row)

    def evaluations(self) -> "Evaluations":
        """Those on the registry branch."""
        return self.handle.records().evaluations(self.row.model)

    def signature(self) -> str | None:
        """The signature in the tag object."""
        return self.handle.git.tag_signature(self.row.tag_oid)

    def signer(self) -> str | None:
        """Raises MissingDependency if it is signed and the program that verifies it is missing."""
        from regolo_git.registry.signatures import signature_of  # noqa: PLC0415 - `list` asks for no signature

        signers = self.handle.records().data(SIGNERS_PATH)
        return signature_of(self.handle, self.row.tag, self.row.commit_oid, signers).signer


@dataclass(frozen=True, slots=True)
class WrittenSource:
    """Of a version whose manifest is known: one without a tag, in a commit or a work tree."""

    handle: Handle
    known: "Manifest"

    def manifest(self) -> "Manifest":
        """The manifest that is known."""
        return self.known

    def evaluations(self) -> "Evaluations":
        """None: nothing was measured of it later."""
        from regolo_git.records.evaluations import Evaluations  # noqa: PLC0415 - `list` needs no metrics

        return Evaluations()

    def signature(self) -> str | None:
        """None: it has no tag."""
        return None

    def signer(self) -> str | None:
        """None: it has no tag."""
        return None


@dataclass(frozen=True, slots=True)
class CreatedSource(WrittenSource):
    """Of a version that was just created with a tag, which is looked up only if it is asked for."""

    def evaluations(self) -> "Evaluations":
        """Those on the registry branch."""
        return self._tagged().evaluations()

    def signature(self) -> str | None:
        """The signature in the tag object."""
        return self._tagged().signature()

    def signer(self) -> str | None:
        """Raises MissingDependency if it is signed and the program that verifies it is missing."""
        return self._tagged().signer()

    def _tagged(self) -> TaggedSource:
        row = self.handle.index.find(*self.known.key)
        if row is None:
            raise NotFound(f"'{self.known.reference}' has no tag any more", Hint("list", self.known.model))
        return TaggedSource(self.handle, row)
