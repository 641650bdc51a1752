"""References to a version: `model@1.1`, `model@latest`, `model@production`, `model`."""

from dataclasses import dataclass, field
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.hints import Corrected
from regolo_git.records.names import ENVIRONMENT, check_environment_name, check_model_name
from regolo_git.records.versions import HINT as VERSION_HINT
from regolo_git.records.versions import Version
from regolo_git.text.printable import printable

HINT = "use MODEL, MODEL@1.0, MODEL@latest or MODEL@production"


@dataclass(frozen=True, slots=True)
class Reference:
    """A model with a version, an environment, or `latest` for the highest release.

    `is_bare` if the text named only the model.
    """

    model: str
    version: Version | None
    environment: str | None
    latest: bool
    is_bare: bool = field(default=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses a reference.  Raises InvalidInput."""
        model, at, selector = text.partition("@")
        if not model or (at and not selector):
            raise InvalidInput(f"'{printable(text)}' is not a reference", HINT)
        check_model_name(model)
        if not at or selector == "latest":
            return cls(model, None, None, latest=True, is_bare=not at)
        if selector != selector.lower() and ENVIRONMENT.fullmatch(selector.lower()):
            meant = version_reference(model, selector.lower())
            message = f"'{printable(text)}' is not a reference: names of environments are lower-case"
            raise InvalidInput(message, Corrected(text, meant, f"use {meant}"))
        if ENVIRONMENT.fullmatch(selector):
            return cls(model, None, check_environment_name(selector), latest=False)
        try:
            return cls.of(model, Version.parse(selector))
        except InvalidInput as error:
            # `model@1` is a common first try.
            hint = HINT
            if selector.isdecimal():
                hint = f"a version has two or three parts: {text}.0"
            elif error.hint != VERSION_HINT:
                hint = str(error.hint).replace("write it as ", f"write it as {model}@")
            raise InvalidInput(f"'{printable(text)}' is not a reference: {error.message}", hint) from error

    @classmethod
    def of(cls, model: str, version: Version) -> Self:
        """The reference to one version."""
        return cls(model, version, None, latest=False)

    @classmethod
    def select(cls, model: str, selector: str) -> Self:
        """Parses `model@selector`, given as two parts.  Raises InvalidInput."""
        return cls.parse(version_reference(model, selector))

    def __str__(self) -> str:
        if self.version is not None:
            return version_reference(self.model, self.version.text(zero_patch=self.version.patch_written))
        return version_reference(self.model, self.environment or "latest")


def version_reference(model: str, version: str) -> str:
    """The text of a reference to a version whose name is already valid, from a record or a tag."""
    return f"{model}@{version}"
