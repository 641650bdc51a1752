"""Who may call a gateway: whoever has the token, or, without one, programs of this machine.

Without a token a gateway listens on the loopback interface only.  A web page reaches that as well, by a name
that its owner lets resolve to 127.0.0.1, or by a request from another site.  So the names that callers may
use are limited, and so are the sites.

The page and `/docs` are for whoever is on this machine, where no token is needed, or else for the token that
the operator has chosen for them; without that choice they are not there.
"""

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Self

from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.listener import is_loopback, parse_listen
from regolo_git.serving.options import ServeOptions


@dataclass(frozen=True, slots=True)
class Access:
    """The token; the names of this server if it has none; the sites whose pages may read answers, or `*`.

    `page` is whether the page is there, and `page_token` the token that it asks for, if any.
    """

    token: str | None = None
    hosts: tuple[str, ...] | None = None
    origins: tuple[str, ...] = ()
    page: bool = False
    page_token: str | None = None

    @classmethod
    def of(cls, options: ServeOptions) -> Self:
        """What the operator says.  Raises InvalidInput for an address that is none."""
        policy = options.policy
        host, _ = parse_listen(options.listen)
        names = None if options.token is not None else ("localhost", host.lower(), *policy.hosts)
        page_token = options.page_token or (options.token if options.page else None)
        is_private = options.token is None and is_loopback(host)
        return cls(options.token, names, policy.origins, is_private or page_token is not None, page_token)

    def knows(self, host: str) -> bool:
        """Whether a name, with or without a port, is one of this server, as each loopback address is."""
        if self.hosts is None:
            return True
        name = host.strip().lower()
        bare, colon, port = name.rpartition(":")
        if colon and (port.isdigit() or not port) and (":" not in bare or bare.endswith("]")):
            name = bare
        name = name.removesuffix(".")
        return name in self.hosts or _is_loopback_address(name.removeprefix("[").removesuffix("]"))

    def admits(self, origin: str) -> bool:
        """Whether a page of another site may call: one that the operator named, or of this machine."""
        if self.hosts is None or self.shares_with(origin):
            return True
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and self.knows(host)

    def shares_with(self, origin: str) -> bool:
        """Whether a page of another site may read the answers."""
        return "*" in self.origins or origin.lower() in self.origins

    def is_of_this_machine(self, host: str) -> bool:
        """Whether a name is that of the loopback interface, whatever other names the server has."""
        return replace(self, hosts=("localhost",)).knows(host)

    def to_json(self) -> Json:
        """The form sent to a gateway."""
        hosts: list[Json] | None = list(self.hosts) if self.hosts is not None else None
        return {
            "token": self.token,
            "hosts": hosts,
            "origins": list(self.origins),
            "page": self.page,
            "page_token": self.page_token,
        }

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        hosts = reader.get_optional("hosts", list)
        return cls(
            token=reader.get_optional("token", str),
            hosts=tuple(reader.list_of("hosts", str)) if hosts is not None else None,
            origins=tuple(reader.list_of("origins", str)),
            page=reader.get("page", bool),
            page_token=reader.get_optional("page_token", str),
        )


def _is_loopback_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return is_loopback(name)
