"""Versions that get no requests although the branch gives them traffic: an order for emergencies.

It is kept in the runtime directory, so that a restarted engine goes on, and dropped as soon as the branch
changes the endpoint's traffic.  A full disk does not keep it from taking effect.
"""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.system_errors import reason_of

_Order = tuple[str, dict[str, float]]


class Withheld:
    """One withheld version for each endpoint, with the traffic that the branch gave when it was ordered."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self._path = path
        self._say = say
        self._orders = _read(path)

    def order(self, endpoint: Endpoint, version: str) -> None:
        """Withholds a version until the branch changes the traffic.

        One without traffic needs no order.  Raises InvalidInput if nothing else has traffic.
        """
        others = [share for name, share in endpoint.traffic.items() if name != version and share > 0]
        if not endpoint.traffic.get(version):
            return
        if not others:
            raise InvalidInput(f"'{version}' cannot be withheld from endpoint '{endpoint.endpoint}'")
        self._orders[endpoint.endpoint] = version, dict(endpoint.traffic)
        self._write()

    def version(self, endpoint: Endpoint) -> str | None:
        """The version that an endpoint withholds."""
        version, traffic = self._orders.get(endpoint.endpoint, (None, {}))
        return version if traffic == endpoint.traffic else None

    def drop_settled(self, endpoints: Collection[Endpoint]) -> None:
        """Drops the orders of endpoints whose traffic has changed, or that are gone."""
        kept = {endpoint.endpoint for endpoint in endpoints if self.version(endpoint) is not None}
        if self._orders.keys() - kept:
            self._orders = {name: order for name, order in self._orders.items() if name in kept}
            self._write()

    def _write(self) -> None:
        document: dict[str, Json] = {
            name: {"version": version, "traffic": dict(traffic)}
            for name, (version, traffic) in self._orders.items()
        }
        new = self._path.with_suffix(".new")
        try:
            new.write_text(json.dumps({"withheld": document}))
            new.replace(self._path)
        except OSError as error:
            self._say(f"which versions are withheld is not kept: {reason_of(error)}")


def _read(path: Path) -> dict[str, _Order]:
    try:
        reader = JsonReader.parse(path.read_bytes(), "the withheld versions")
        found: Mapping[str, _Order] = {
            name: (order.get("version", str), order.dict_of("traffic", float))
            for name, order in reader.named_objects("withheld")
        }
    except (OSError, InvalidInput):
        return {}
    return dict(found)
