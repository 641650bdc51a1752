"""Which models may be loaded for serving: the operator's decision, never the repository's.

A model's own files may claim that they are harmless; a list of trusted types that came with a model once let
a crafted model trust itself.  So the policy is read from a file outside the repository and from the command
line.  By default only formats that are data are loaded; code (`module:callable` of the version's own files,
MLflow directories, which may hold pickles) runs only where the operator says so, for all models or for some.

    formats = ["onnx", "safetensors", "skops"]       # add "mlflow" or "python" to allow them
    trusted_types = []                               # further types that skops may build
    entry_points = ["acme.serving:load"]             # callables of installed packages that versions may name

    [interpreters]                                   # names that a version may ask for
    py312 = "/opt/venvs/py312/bin/python"

    [models."nlp/*"]                                 # allowed for these models only, by name or pattern
    formats = ["python"]
    repository_code = true

    [backends."churn@1.1"]                           # a server of yours instead of our workers
    urls = ["http://127.0.0.1:9000"]
    model = "churn"
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from regolo_git.errors import IntegrityError, InvalidInput, NotFound, PolicyRefused
from regolo_git.hints import Hint
from regolo_git.records.serving_block import ENTRY_POINT, FORMATS, ServingBlock
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import TomlValue, load_document

SAFE_FORMATS = ("onnx", "safetensors", "skops")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is allowed; `repository_code` lets entry points come from the version's own files."""

    formats: frozenset[str] = frozenset()
    trusted_types: tuple[str, ...] = ()
    entry_points: frozenset[str] = frozenset()
    repository_code: bool = False

    def __or__(self, other: "Allowed") -> "Allowed":
        return Allowed(
            self.formats | other.formats,
            (*self.trusted_types, *other.trusted_types),
            self.entry_points | other.entry_points,
            self.repository_code or other.repository_code,
        )


@dataclass(frozen=True, slots=True)
class ForeignServer:
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


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows to all models, and to some by pattern."""

    everywhere: Allowed = field(default_factory=lambda: Allowed(formats=frozenset(SAFE_FORMATS)))
    models: Mapping[str, Allowed] = field(default_factory=dict)
    interpreters: Mapping[str, Path] = field(default_factory=dict)
    backends: Mapping[str, ForeignServer] = field(default_factory=dict)

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
        return Permission(interpreter, allowed.trusted_types, self._code(model, block, allowed))

    def allow(self, *, formats: Iterable[str] = (), repository_code: Iterable[str] = ()) -> "Policy":
        """This policy with the command line's additions: formats, and models whose own code may run."""
        added = frozenset(_check_format(name) for name in formats)
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

    @classmethod
    def load(cls, path: Path, *, outside: Path | None = None) -> Self:
        """Reads a policy file.

        Raises NotFound, InvalidInput for an invalid policy, PolicyRefused for one inside `outside`, the
        repository whose models it governs.
        """
        if outside is not None and path.resolve().is_relative_to(outside.resolve()):
            raise PolicyRefused(f"policy '{path}' is inside the repository that it judges")
        try:
            document = load_document(path.read_bytes(), f"'{path}'")
            return cls._read(TableReader(document, f"'{path}'"))
        except OSError as error:
            raise NotFound(f"cannot read policy '{path}': {error.strerror}") from error
        except IntegrityError as error:
            raise InvalidInput(error.message) from error

    @classmethod
    def _read(cls, reader: TableReader) -> Self:
        interpreters = reader.take_table("interpreters")
        everywhere = _read_allowed(reader, default=SAFE_FORMATS)
        models, backends = reader.take_table("models"), reader.take_table("backends")
        policy = cls(
            everywhere=everywhere,
            models={name: _read_allowed(models.take_table(name)) for name in list(models.rest)},
            interpreters={n: Path(interpreters.take(n, str)) for n in list(interpreters.rest)},
            backends={name: _read_backend(name, backends.take_table(name)) for name in list(backends.rest)},
        )
        _refuse_unknown(reader)
        return policy


def default_policy_path(environ: Mapping[str, str]) -> Path:
    """The default path of the policy: `regolo/serving.toml` in the user's configuration directory."""
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "regolo" / "serving.toml"


def _read_allowed(reader: TableReader, default: Iterable[str] = ()) -> Allowed:
    formats = reader.take_optional("formats", list)
    named = _texts(formats, "formats", reader) if formats is not None else tuple(default)
    points = _texts(reader.take_optional("entry_points", list) or [], "entry_points", reader)
    for point in points:
        if not ENTRY_POINT.fullmatch(point):
            raise InvalidInput(f"'{point}' in {reader.what} is not of the form module:callable")
    allowed = Allowed(
        formats=frozenset(_check_format(name) for name in named),
        trusted_types=_texts(reader.take_optional("trusted_types", list) or [], "trusted_types", reader),
        entry_points=frozenset(points),
        repository_code=reader.take_optional("repository_code", bool) or False,
    )
    if reader.what.startswith("["):
        _refuse_unknown(reader)
    return allowed


def _read_backend(name: str, reader: TableReader) -> ForeignServer:
    urls = _texts(reader.take("urls", list), "urls", reader)
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
            raise InvalidInput(f"'{url}' in {reader.what} is not of the form http://host:port")
    server = ForeignServer(
        urls=tuple(url.rstrip("/") for url in urls),
        model=reader.take_optional("model", str) or name.partition("@")[0],
        version=reader.take_optional("version", str),
        idempotent=reader.take_optional("idempotent", bool) or False,
    )
    if not urls:
        raise InvalidInput(f"{reader.what} has no URL")
    _refuse_unknown(reader)
    return server


def _texts(values: list[TomlValue], key: str, reader: TableReader) -> tuple[str, ...]:
    texts = tuple(value for value in values if isinstance(value, str))
    if len(texts) != len(values):
        raise InvalidInput(f"'{key}' in {reader.what} is not a list of strings")
    return texts


def _check_format(name: str) -> str:
    if name not in FORMATS:
        raise InvalidInput(f"unknown format '{name}'", f"known formats: {', '.join(FORMATS)}")
    return name


def _refuse_unknown(reader: TableReader) -> None:
    # If a misspelled rule were ignored, the operator would believe it is in effect.
    if reader.rest:
        raise InvalidInput(f"{reader.what} has an unknown key '{next(iter(reader.rest))}'")
