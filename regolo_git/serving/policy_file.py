"""The operator's policy file.

Every key is optional:

    formats = ["onnx", "safetensors", "skops"]       # of all that are data; "mlflow" and "python" run code
    trusted_types = []                               # further types that skops may build
    entry_points = ["acme.serving:load"]             # callables of installed packages that versions may name
    environment = ["MODEL_CACHE", "ACME_*"]          # variables that workers get besides the usual ones

    [interpreters]                                   # names that a version may ask for
    py312 = "/opt/venvs/py312/bin/python"

    [models."nlp/*"]                                 # allowed for these models only, by name or pattern
    formats = ["python"]
    repository_code = true

    [backends."churn@1.1"]                           # a server of yours instead of our workers
    urls = ["http://127.0.0.1:9000"]
    model = "churn"

    [gateway]
    hosts = ["models.example"]                       # names of this server, if a proxy passes them on
    origins = ["https://app.example"]                # sites whose pages may call, or "*"
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from regolo_git.errors import IntegrityError, InvalidInput, NotFound, PolicyRefused, RegoloError
from regolo_git.records.serving_block import ENTRY_POINT
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import TomlValue, load_document
from regolo_git.serving.policy import SAFE_FORMATS, Allowed, ExternalServer, Policy, check_format

HOST = re.compile(r"[A-Za-z0-9.-]+")
ORIGIN = re.compile(r"\*|https?://[^/\s?#]+")
VARIABLE = re.compile(r"[A-Za-z_*?][A-Za-z0-9_*?]*")


def load_policy(path: Path, *, outside: Path | None = None) -> Policy:
    """Reads a policy file.

    Raises NotFound, InvalidInput for an invalid policy, PolicyRefused for one inside `outside`, the
    repository whose models it governs.
    """
    if outside is not None and path.resolve().is_relative_to(outside.resolve()):
        raise PolicyRefused(f"policy '{path}' is inside the repository that it judges")
    try:
        document = load_document(path.read_bytes(), f"'{path}'")
        return _read_policy(TableReader(document, f"'{path}'"))
    except OSError as error:
        raise NotFound(f"cannot read policy '{path}': {error.strerror}") from error
    except IntegrityError as error:
        raise InvalidInput(error.message) from error


def _read_policy(reader: TableReader) -> Policy:
    interpreters, gateway = reader.take_table("interpreters"), reader.take_table("gateway")
    everywhere = _read_allowed(reader, default=SAFE_FORMATS)
    models, backends = reader.take_table("models"), reader.take_table("backends")
    policy = Policy(
        everywhere=everywhere,
        models={name: _read_allowed(models.take_table(name)) for name in list(models.rest)},
        interpreters={n: Path(interpreters.take(n, str)) for n in list(interpreters.rest)},
        backends={name: _read_backend(name, backends.take_table(name)) for name in list(backends.rest)},
        hosts=tuple(name.lower() for name in _named(gateway, "hosts", HOST, "a name of a host")),
        origins=tuple(
            site.lower() for site in _named(gateway, "origins", ORIGIN, "of the form https://host")
        ),
    )
    _refuse_unknown(gateway)
    _refuse_unknown(reader)
    return policy


def operators_policy(given: Path | None, environ: Mapping[str, str], *, outside: Path) -> Policy:
    """The policy of a file, of the one in the default place, or the default.  Raises as `load_policy`."""
    path = given or default_policy_path(environ)
    if given is None and not path.exists():
        return Policy()
    return load_policy(path, outside=outside)


def default_policy(top: Path, environ: Mapping[str, str]) -> Policy:
    """The policy in the default place; without one, or if it cannot be read, the default policy.

    A server says what is wrong with it.
    """
    try:
        return operators_policy(None, environ, outside=top)
    except RegoloError:
        return Policy()


def default_policy_path(environ: Mapping[str, str]) -> Path:
    """The default path of the policy: `regolo/serving.toml` in the user's configuration directory."""
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "regolo" / "serving.toml"


def _read_allowed(reader: TableReader, default: Iterable[str] = ()) -> Allowed:
    formats = reader.take_optional("formats", list)
    named = _texts(formats, "formats", reader) if formats is not None else tuple(default)
    points = _named(reader, "entry_points", ENTRY_POINT, "of the form module:callable")
    variables = _named(reader, "environment", VARIABLE, "the name of a variable or a pattern")
    allowed = Allowed(
        formats=frozenset(check_format(name) for name in named),
        trusted_types=_texts(reader.take_optional("trusted_types", list) or [], "trusted_types", reader),
        entry_points=frozenset(points),
        repository_code=reader.take_optional("repository_code", bool) or False,
        environment=frozenset(variables),
    )
    if reader.what.startswith("["):
        _refuse_unknown(reader)
    return allowed


def _read_backend(name: str, reader: TableReader) -> ExternalServer:
    urls = _texts(reader.take("urls", list), "urls", reader)
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
            raise InvalidInput(f"'{url}' in {reader.what} is not of the form http://host:port")
    server = ExternalServer(
        urls=tuple(url.rstrip("/") for url in urls),
        model=reader.take_optional("model", str) or name.partition("@")[0],
        version=reader.take_optional("version", str),
        idempotent=reader.take_optional("idempotent", bool) or False,
    )
    if not urls:
        raise InvalidInput(f"{reader.what} has no URL")
    _refuse_unknown(reader)
    return server


def _named(reader: TableReader, key: str, form: re.Pattern[str], words: str) -> tuple[str, ...]:
    """A list of strings of one form.  Raises InvalidInput."""
    texts = _texts(reader.take_optional(key, list) or [], key, reader)
    for text in texts:
        if not form.fullmatch(text):
            raise InvalidInput(f"'{text}' in {reader.what} is not {words}")
    return texts


def _texts(values: list[TomlValue], key: str, reader: TableReader) -> tuple[str, ...]:
    texts = tuple(value for value in values if isinstance(value, str))
    if len(texts) != len(values):
        raise InvalidInput(f"'{key}' in {reader.what} is not a list of strings")
    return texts


def _refuse_unknown(reader: TableReader) -> None:
    # If a misspelled rule were ignored, the operator would believe it is in effect.
    if reader.rest:
        raise InvalidInput(f"{reader.what} has an unknown key '{next(iter(reader.rest))}'")
