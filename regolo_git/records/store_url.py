"""Which paths and URLs can be a store.

The URL of a shared store is in a repository that somebody else may have written, and reading it must not be
enough to do harm: only the schemes of one table are accepted, without fsspec's chains (`::`), without options
for the library behind the scheme, and without credentials, which would be committed and printed.  What is
already committed is read as it is; it is checked before it is written and before it is used.
"""

import re
from typing import Literal, NamedTuple

from regolo_git.errors import InvalidInput

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
    "http": Scheme("host", _WEB, read_only=True),
    "https": Scheme("host", _WEB, read_only=True),
    "memory": Scheme("name", "memory://models"),
}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
# A colon before any slash: a scheme that was cut short (s3:bucket), or a place as scp and git write it.
_COLON = re.compile(r"[^/]+:")
_USER = re.compile(r"[A-Za-z0-9._-]+")
_PLACES = {
    "bucket": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "container": re.compile(r"[A-Za-z0-9$][A-Za-z0-9-]*"),
    "host": re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?"),
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "directory": re.compile(r""),
}


def check_store_url(url: str) -> Scheme | None:
    """The scheme of a store's URL, None for a path.  Raises InvalidInput for what cannot be a store."""
    if not url or url != url.strip() or not url.isprintable():
        raise InvalidInput("the URL of a store is empty, or has spaces around it or control characters")
    if "::" in url:
        raise InvalidInput("the URL of a store cannot be a chain (it contains '::')", _any_example())
    name, separator, rest = url.partition("://")
    if not separator:
        _check_path(url)
        return None
    scheme = SCHEMES.get(name)
    if scheme is None:
        raise _unknown_scheme(name)
    _check_rest(name, scheme, rest)
    return scheme


def check_writable_store(url: str) -> None:
    """Raises InvalidInput for what cannot be the store of a clone, which is written to."""
    scheme = check_store_url(url)
    if scheme is not None and scheme.read_only:
        raise InvalidInput("a clone cannot write to a store behind a web server", _any_example())


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


def _check_rest(name: str, scheme: Scheme, rest: str) -> None:
    place, _, path = rest.partition("/")
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
    if ".." in path.split("/"):
        raise InvalidInput(f"the {name}:// URL of a store contains '..'", hint)
    if not _PLACES[scheme.place].fullmatch(host):
        wrong = f"'{host}' is not a {scheme.place}" if host else f"it has no {scheme.place}"
        if scheme.place == "directory":
            wrong = "its path does not start with '/'"
        raise InvalidInput(f"the {name}:// URL of a store cannot be used: {wrong}", hint)


def _any_example() -> str:
    return f"use a directory, or one URL such as {SCHEMES['s3'].example}"
