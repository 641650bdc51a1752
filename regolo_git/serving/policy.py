"""Which models may be loaded for serving: the operator's decision, never the repository's.

A model's own files may claim that they are harmless; a list of trusted types that came with a model once let
a crafted model trust itself.  So the policy is read from a file outside the repository and from the command
line.  By default only formats that are data are loaded; code (`module:callable` of the version's own files,
MLflow directories, which may hold pickles) runs only where the operator says so, for all models or for some.

The file itself is read in `policy_file.py`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from regolo_git.errors import InvalidInput, PolicyRefused
from regolo_git.hints import Hint
from regolo_git.records.serving_block import FORMATS, ServingBlock

SAFE_FORMATS = ("onnx", "safetensors", "skops", "xgboost", "lightgbm", "catboost", "tflite")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is allowed.

    `repository_code` lets entry points come from the version's own files; `environment` has the names, or
    patterns of names, of variables that workers get in addition to the usual ones.
    """

    formats: frozenset[str] = frozenset()
    trusted_types: tuple[str, ...] = ()
    entry_points: frozenset[str] = frozenset()
    repository_code: bool = False
    environment: frozenset[str] = frozenset()

    def __or__(self, other: "Allowed") -> "Allowed":
        return Allowed(
            self.formats | other.formats,
            (*self.trusted_types, *other.trusted_types),
            self.entry_points | other.entry_points,
            self.repository_code or other.repository_code,
            self.environment | other.environment,
        )


@dataclass(frozen=True, slots=True)
class ExternalServer:
    """A server that speaks the Open Inference Protocol, and what it calls the model."""

    urls: tuple[str, ...]
    model: str
    version: str | None = None
    idempotent: bool = False

    @property
    def model_path(self) -> str:
        """The model's path on that server."""
        return f"/v2/models/{self.model}" + (f"/versions/{self.version}" if self.version else "")


@dataclass(frozen=True, slots=True)
class Permission:
    """The permissions that a version's workers are started with."""

    interpreter: Path | None
    trusted_types: tuple[str, ...]
    repository_code: bool
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows to all models, and to some by pattern.

    `hosts` are names by which callers may reach a gateway that has no token, besides those of the loopback
    interface; `origins` are sites whose pages may call and read answers.
    """

    everywhere: Allowed = field(default_factory=lambda: Allowed(formats=frozenset(SAFE_FORMATS)))
    models: Mapping[str, Allowed] = field(default_factory=dict)
    interpreters: Mapping[str, Path] = field(default_factory=dict)
    backends: Mapping[str, ExternalServer] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def permit(self, model: str, block: ServingBlock) -> Permission:
        """The permissions to load a version.  Raises PolicyRefused with a hint that would allow it."""
        allowed = self._allowed(model)
        if block.format not in allowed.formats:
            # Format "python" is useless without the version's own code.
            option = ("--allow-code", model) if block.format == "python" else ("--allow", block.format)
            raise PolicyRefused(
                f"format '{block.format}' of '{model}' is not allowed by the operator's policy",
                Hint("serve", *option),
            )
        interpreter = None
        if block.interpreter is not None:
            interpreter = self.interpreters.get(block.interpreter)
            if interpreter is None:
                raise PolicyRefused(
                    f"interpreter '{block.interpreter}' of '{model}' is not in the operator's policy",
                    f'[interpreters]  {block.interpreter} = "/path/to/python"',
                )
        code = self._code(model, block, allowed)
        return Permission(interpreter, allowed.trusted_types, code, tuple(sorted(allowed.environment)))

    def trusted_types(self, model: str) -> tuple[str, ...]:
        """The types that skops may build for a model, besides those that it trusts itself."""
        return self._allowed(model).trusted_types

    def allow(self, *, formats: Iterable[str] = (), repository_code: Iterable[str] = ()) -> "Policy":
        """This policy with the command line's additions: formats, and models whose own code may run."""
        added = frozenset(check_format(name) for name in formats)
        # Format "python" runs the version's own code: allowing one without the other would allow nothing.
        own_code = Allowed(formats=frozenset({"python"}), repository_code=True)
        models = dict(self.models)
        for model in repository_code:
            models[model] = models.get(model, Allowed()) | own_code
        return replace(self, everywhere=self.everywhere | Allowed(formats=added), models=models)

    def _allowed(self, model: str) -> Allowed:
        allowed = self.everywhere
        for pattern, extra in self.models.items():
            if fnmatchcase(model, pattern):
                allowed = allowed | extra
        return allowed

    def _code(self, model: str, block: ServingBlock, allowed: Allowed) -> bool:
        """Whether the entry point may come from the version's own files."""
        if block.entry_point is None or block.entry_point in allowed.entry_points:
            return False
        if not allowed.repository_code:
            raise PolicyRefused(
                f"entry point '{block.entry_point}' of '{model}' is code that the operator has not allowed",
                Hint("serve", "--allow-code", model),
            )
        return True


def check_format(name: str) -> str:
    """The name of a format, as it is.  Raises InvalidInput for an unknown one."""
    if name not in FORMATS:
        raise InvalidInput(f"unknown format '{name}'", f"known formats: {', '.join(FORMATS)}")
    return name


def trusted_line(types: Sequence[str]) -> str:
    """The line of a policy file that trusts these types, to be pasted there."""
    return f"trusted_types = {json.dumps(list(types))}"
