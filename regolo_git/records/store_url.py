"""Which paths and URLs can be a store.

The URL of a shared store is in a repository that somebody else may have written, and reading it must not be
enough to do harm: only the schemes of one table are accepted, without fsspec's chains (`::`), without options
for the library behind the scheme, and without credentials, which would be committed and printed.  What is
already committed is read as it is; it is checked before it is written and before it is used.

The libraries never see a URL, which each reads in its own way, but the parts of a `StoreAddress`.
"""

import re
from typing import Literal, NamedTuple

from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint, NextStep

STORE_SETTING = "regolo.store"  # in git's configuration: the store of a clone
FORMER_STORE_SETTING = "regolo.localStore"  # in 0.1

Place = Literal["bucket", "container", "host", "name", "directory"]


class Scheme(NamedTuple):
    """What comes after `scheme://`, an example, and the extra of this package that brings the library."""

    place: Place
    example: str
    extra: str | None = None
    read_only: bool = False


_WEB = "https://models.example.com/store"
SCHEMES = {
    "file": Scheme("directory", "file:///srv/models"),
    "s3": Scheme("bucket", "s3://bucket/models", "s3"),
    "gs": Scheme("bucket", "gs://bucket/models", "gcs"),
    "gcs": Scheme("bucket", "gcs://bucket/models", "gcs"),
    "az": Scheme("container", "az://container/models", "azure"),
    "abfs": Scheme("container", "abfs://container/models", "azure"),
    "sftp": Scheme("host", "sftp://user@host/models", "sftp"),
    "ssh": Scheme("host", "ssh://user@host/models", "sftp"),
    "http": Scheme("host", _WEB, "http", read_only=True),
    "https": Scheme("host", _WEB, "http", read_only=True),
    "memory": Scheme("name", "memory://models"),
}


class StoreAddress(NamedTuple):
    """A store's path or URL in parts.

    `url` is as given, the name of the store in messages.  `scheme` is one of SCHEMES, `file` for a path.
    `place` is the bucket, container, host or name.  `path` begins with a slash where the place is a host; in
    a bucket it neither begins nor ends with one, and is empty for all of it; that of a `file` may be
    relative.  `endpoint` and `region` are those of an S3 service, where they are not the library's own.
    """

    url: str
    scheme: str
    place: str = ""
    user: str | None = None
    port: int | None = None
    path: str = ""
    endpoint: str | None = None
    region: str | None = None

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written to it."""
        return SCHEMES[self.scheme].read_only


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
# A colon before any slash: a scheme that was cut short (s3:bucket), or a place as scp and git write it.
_COLON = re.compile(r"[^/]+:")
_USER = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*")
_PLACES = {
    "bucket": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "container": re.compile(r"[A-Za-z0-9$][A-Za-z0-9-]*"),
    "host": re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*"),
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "directory": re.compile(r""),
}
_DOT = re.compile(r"%2e", re.IGNORECASE)
_PORT = re.compile(r"[0-9]{1,5}")
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9][A-Za-z0-9.-]*)(?::([0-9]{1,5}))?((?:/[A-Za-z0-9._~-]+)*)/?")
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


def parse_store_address(
    url: str, endpoint: str | None = None, region: str | None = None, *, for_others: NextStep | None = None
) -> StoreAddress:
    """The parts of a store's path or URL.  Raises InvalidInput for what cannot be a store.

    `for_others` is the hint where there is an endpoint or a region, and the store is not on S3.
    """
    if not url or url != url.strip() or not url.isprintable():
        raise InvalidInput("the URL of a store is empty, or has spaces around it or control characters")
    if "::" in url:
        raise InvalidInput("the URL of a store cannot be a chain (it contains '::')", _any_example())
    name, separator, rest = url.partition("://")
    if not separator:
        _check_path(url)
        address = StoreAddress(url, "file", path=url)
    elif name not in SCHEMES:
        raise _unknown_scheme(name)
    else:
        address = _parse_rest(url, name, rest)
    if (endpoint, region) == (None, None):
        return address
    check_s3_settings(endpoint, region)
    if address.scheme != "s3":
        raise InvalidInput(
            f"an endpoint or a region is for a store at s3://, and this one is '{url}'",
            for_others or Hint("config", "--unset", "store.region" if endpoint is None else "store.endpoint"),
        )
    return address._replace(endpoint=endpoint, region=region)


def check_writable_store(place: str | StoreAddress) -> StoreAddress:
    """The address of a clone's own store.  Raises InvalidInput for what cannot be one: it is written to."""
    address = parse_store_address(place) if isinstance(place, str) else place
    if address.read_only:
        raise InvalidInput("a clone cannot write to a store behind a web server", _any_example())
    return address


def check_s3_settings(endpoint: str | None, region: str | None) -> None:
    """Raises InvalidInput for an endpoint that is not the URL of a server, or for what is not a region."""
    if endpoint is not None:
        _check_endpoint(endpoint)
    if region is not None and not _REGION.fullmatch(region):
        raise InvalidInput("the region of a store is not the name of one", "as in eu-central-1")


def _check_endpoint(endpoint: str) -> None:
    hint = "as in https://s3.example.com"
    if "@" in endpoint:
        raise InvalidInput("the endpoint of a store cannot contain a user or a password", hint)
    found = _ENDPOINT.fullmatch(endpoint)
    if found is None or ".." in endpoint.split("/") or not _is_port(found[2]):
        raise InvalidInput("the endpoint of a store is not the http(s):// URL of a server", hint)


def _check_path(path: str) -> None:
    if _COLON.match(path):
        place = path.split(":", 1)[0]
        scheme = SCHEMES.get(place)
        example = scheme.example if scheme else f"./{path}"
        raise InvalidInput(
            f"'{place}:…' is neither a path nor a URL of a store",
            f"a URL has '://', as in {example}" if scheme else f"for a path, type {example}",
        )


def _unknown_scheme(name: str) -> InvalidInput:
    if not _SCHEME.fullmatch(name):
        return InvalidInput("what precedes '://' in the URL of a store is not a scheme", _any_example())
    if name.lower() in SCHEMES:
        return InvalidInput(f"the scheme '{name}' of a store is in upper case", f"{name.lower()}://…")
    return InvalidInput(
        f"stores at '{name}://' are not supported", f"use one of {', '.join(SCHEMES)}, or a path"
    )


def _parse_rest(url: str, name: str, rest: str) -> StoreAddress:
    scheme = SCHEMES[name]
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    hint = f"as in {scheme.example}"
    if at and ":" in user:
        raise InvalidInput(
            f"the {name}:// URL of a store contains a password, which would be committed and printed",
            "leave it out: the library takes credentials from the environment or its own configuration",
        )
    if at and (scheme.place != "host" or scheme.read_only or not _USER.fullmatch(user)):
        raise InvalidInput(f"the {name}:// URL of a store cannot name a user or an account", hint)
    for sign, what in (("?", "options"), ("#", "a fragment"), ("\\", "a backslash")):
        if sign in rest:
            raise InvalidInput(f"the {name}:// URL of a store contains {what} ('{sign}')", hint)
    # The parts of a web address may be escaped, and are resolved by the client.
    if ".." in (_DOT.sub(".", path) if scheme.read_only else path).split("/"):
        raise InvalidInput(f"the {name}:// URL of a store contains '..'", hint)
    bare, colon, port = host.partition(":") if scheme.place == "host" else (host, "", "")
    if not _PLACES[scheme.place].fullmatch(bare) or (colon and not (port and _is_port(port))):
        wrong = f"'{host}' is not a {scheme.place}" if host else f"it has no {scheme.place}"
        if scheme.place == "directory":
            wrong = "its path does not start with '/'"
        raise InvalidInput(f"the {name}:// URL of a store cannot be used: {wrong}", hint)
    within = slash + path if scheme.place in ("host", "directory") else path.strip("/")
    return StoreAddress(url, name, bare, user or None, int(port) if colon else None, within)


def _is_port(text: str | None) -> bool:
    """Whether it is a number that a port can have; none is."""
    return text is None or bool(_PORT.fullmatch(text) and 0 < int(text) < 1 << 16)


def _any_example() -> str:
    return f"use a directory, or one URL such as {SCHEMES['s3'].example}"
