"""The desired state of an endpoint, `endpoints/<endpoint>.toml`: versions pinned by commit and digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import fsum
from typing import Final, Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.canary import CanaryPolicy, Candidate
from regolo_git.records.digests import Digest
from regolo_git.records.kinds import is_number
from regolo_git.records.names import check_endpoint_name, check_environment_name, check_model_name
from regolo_git.records.paths import endpoint_path
from regolo_git.records.pins import check_commit, check_replicas
from regolo_git.records.routing import Routing
from regolo_git.records.shadow import read_shadow
from regolo_git.records.tables import TableReader, of_file
from regolo_git.records.toml_text import Table, TomlValue, dump_document
from regolo_git.records.versions import Version
from regolo_git.text.json_values import Plain
from regolo_git.text.numbers import decimal_text, shares_text

FORMAT = 1
LOCAL: Final = "local"
# Names only, like the loaders in `serving_block.FORMATS`; `serving/engines.py` maps them to modules.
ENGINES: Final = (LOCAL,)
TOLERANCE = 1e-9
SPLIT = "shares must add up to 1, or percentages to 100, as in 1.0=90 1.1=10"


@dataclass(frozen=True, slots=True)
class PinnedVersion:
    """The commit and digest of a version when it was chosen, and the number of workers that serve it."""

    commit: str
    digest: Digest
    replicas: int
    unknown: Table = field(default_factory=dict)

    def to_dict(self) -> Plain:
        """The pin as plain values."""
        return {"replicas": self.replicas, "commit": self.commit, "digest": str(self.digest)}

    def to_table(self) -> Table:
        """The version's table in the endpoint file."""
        table: dict[str, TomlValue] = {
            "commit": self.commit,
            "digest": str(self.digest),
            "replicas": self.replicas,
        }
        return table | dict(sorted(self.unknown.items()))


@dataclass(frozen=True, slots=True)
class RollbackMark:
    """The version that the followed environment had at a rollback, and the one that the endpoint went to."""

    source: str
    target: str
    unknown: Table = field(default_factory=dict)

    def to_table(self) -> Table:
        """The table in the endpoint file."""
        table: dict[str, TomlValue] = {"from": self.source, "to": self.target}
        return table | dict(sorted(self.unknown.items()))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A served name: `traffic` has each version's share (adding up to 1), `versions` the pinned versions.

    `rolled_back` records a rollback away from the followed environment, until the next change of traffic.
    `canary` says how new versions are tried, `candidate` which one is now.  `shadow` has the versions that
    get copies of requests, with their shares; one that gets traffic, or is not served, is not among them.
    """

    endpoint: str
    model: str
    environment: str | None
    engine: str
    traffic: Mapping[str, float]
    versions: Mapping[str, PinnedVersion]
    routing: Routing = field(default_factory=Routing)
    unknown: Table = field(default_factory=dict)
    rolled_back: RollbackMark | None = None
    canary: CanaryPolicy | None = None
    candidate: Candidate | None = None
    shadow: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.shadow:
            # Whatever moves the traffic, a shadow must not take turns of the workers that callers wait for:
            # versions of the same content share them.
            serving = {pin.digest for version, pin in self.versions.items() if self.traffic.get(version)}
            shadow = {
                version: share
                for version, share in self.shadow.items()
                if self.traffic.get(version) == 0 and self.versions[version].digest not in serving
            }
            object.__setattr__(self, "shadow", shadow)

    def to_dict(self) -> Plain:
        """The desired state as plain values."""
        return {
            "endpoint": self.endpoint,
            "model": self.model,
            "environment": self.environment,
            "engine": self.engine,
            "versions": {
                version: {"weight": self.traffic[version], **pin.to_dict()}
                for version, pin in self.versions.items()
            },
            "shadow": dict(self.shadow),
            "routing": self.routing.to_dict(),
            "canary": self.canary.to_dict() if self.canary is not None else None,
            "candidate": self.candidate.to_dict() if self.candidate is not None else None,
        }

    @property
    def whole(self) -> str | None:
        """The version that has all the traffic; None for a split."""
        served = [version for version, share in self.traffic.items() if share > 0]
        return served[0] if len(served) == 1 else None

    @property
    def split(self) -> dict[str, float]:
        """The traffic without the shadows, which have none."""
        return {version: share for version, share in self.traffic.items() if version not in self.shadow}

    def split_text(self) -> str:
        """The split and the shadows: `1.0=100%, shadow 1.1=10%`."""
        shadow = f", shadow {shares_text(self.shadow)}" if self.shadow else ""
        return f"{shares_text(self.split)}{shadow}"

    @property
    def rolled_back_from(self) -> str | None:
        """The version of the followed environment that the last rollback left, while that is in effect."""
        # The first release keeps the table when it changes the traffic, so `target` is compared.
        mark = self.rolled_back
        return mark.source if mark is not None and mark.target == self.whole else None

    def to_text(self) -> str:
        """The canonical text of the file; versions are sorted."""
        order = sorted(self.versions, key=Version.parse)
        document: dict[str, TomlValue] = {"format": FORMAT, "endpoint": self.endpoint, "model": self.model}
        if self.environment is not None:
            document["environment"] = self.environment
        document["engine"] = self.engine
        document["traffic"] = {version: float(self.traffic[version]) for version in order}
        document["versions"] = {version: self.versions[version].to_table() for version in order}
        routing = self.routing.to_table()
        if routing:
            document["routing"] = routing
        if self.rolled_back is not None:
            document["rolled_back"] = self.rolled_back.to_table()
        if self.canary is not None:
            document["canary"] = self.canary.to_table()
        if self.candidate is not None:
            document["candidate"] = self.candidate.to_table()
        if self.shadow:
            document["shadow"] = {
                version: self.shadow[version] for version in order if version in self.shadow
            }
        return dump_document(document | dict(sorted(self.unknown.items())))

    @classmethod
    def parse(cls, text: str | bytes, path: str) -> Self:
        """Parses the file at `path`.  Raises IntegrityError, naming it."""
        with of_file(path):
            reader = TableReader.of_document(text, f"'{path}'", newest=FORMAT)
            endpoint = cls._read(reader)
            if endpoint_path(endpoint.endpoint) != path:
                raise IntegrityError(f"'{path}' names endpoint '{endpoint.endpoint}'")
        return endpoint

    @classmethod
    def _read(cls, reader: TableReader) -> Self:
        environment = reader.take_optional("environment", str)
        endpoint = cls(
            endpoint=check_endpoint_name(reader.take("endpoint", str)),
            model=check_model_name(reader.take("model", str)),
            environment=check_environment_name(environment) if environment is not None else None,
            engine=reader.take("engine", str),
            traffic=_read_traffic(reader.take("traffic", dict), reader.what),
            versions={version: _read_pin(pin) for version, pin in reader.take_tables("versions")},
            routing=Routing.read(reader.take_table("routing")),
            rolled_back=_read_mark(reader),
            canary=CanaryPolicy.read(reader.take_table("canary")) if "canary" in reader.rest else None,
            candidate=Candidate.read(reader.take_table("candidate")) if "candidate" in reader.rest else None,
            shadow=read_shadow(reader.take_optional("shadow", dict), reader.what),
            unknown=reader.rest,
        )
        if set(endpoint.traffic) != set(endpoint.versions):
            raise IntegrityError(f"{reader.what} lists different versions in [traffic] and [versions]")
        return endpoint


def _read_traffic(table: dict[str, TomlValue], what: str) -> dict[str, float]:
    shares = {}
    for version, share in table.items():
        if not is_number(share):
            raise IntegrityError(f"the share of '{version}' in {what} is not a number")
        shares[version] = float(share)
    return check_traffic(shares)


def _read_mark(reader: TableReader) -> RollbackMark | None:
    table = reader.take_optional("rolled_back", dict)
    if table is None:
        return None
    mark = TableReader(table, f"[rolled_back] in {reader.what}")
    source, target = mark.take("from", str), mark.take("to", str)
    Version.parse(source)
    Version.parse(target)
    return RollbackMark(source, target, mark.rest)


def _read_pin(reader: TableReader) -> PinnedVersion:
    return PinnedVersion(
        check_commit(reader.take("commit", str)),
        Digest.parse(reader.take("digest", str)),
        check_replicas(reader.take("replicas", int)),
        reader.rest,
    )


def check_engine(name: str) -> str:
    """Returns the name of a known engine.  Raises InvalidInput for any other."""
    if name not in ENGINES:
        raise InvalidInput(f"there is no engine '{name}'", f"available engines: {', '.join(ENGINES)}")
    return name


def check_traffic(weights: Mapping[str, float]) -> dict[str, float]:
    """Returns shares that add up to 1, from shares or from percentages that add up to 100.

    Raises InvalidInput if there is no version, a version appears twice (as `1.0` and `1.0.0`), or a weight is
    negative or not finite, or the weights do not add up.
    """
    whole = whole_of(weights)
    return {version: _fraction(weight, whole) for version, weight in weights.items()}


def whole_of(weights: Mapping[str, float]) -> int:
    """What the weights of a split add up to: 1, or 100 for percentages.  Raises InvalidInput."""
    if not weights:
        raise InvalidInput("the traffic split has no versions", SPLIT)
    for version, weight in weights.items():
        if not is_number(weight) or not 0 <= weight <= 101:
            raise InvalidInput(f"the weight '{weight}' of '{version}' is not a traffic share", SPLIT)
    named: dict[str, str] = {}
    for version in weights:
        other = named.setdefault(Version.parse(version).identity, version)
        if other != version:
            raise InvalidInput(f"'{other}' and '{version}' are the same version, with two weights")
    total = fsum(weights.values())
    for whole in (1, 100):
        if abs(total - whole) <= TOLERANCE * whole:
            return whole
    raise InvalidInput(
        f"the weights add up to {decimal_text(total)}, not to {1 if total < 2 else 100}",
        f"give every version a weight: {_completed(weights, total)}",
    )


def _fraction(weight: float, whole: int) -> float:
    # Decimal division: 33.3 % is 0.333; binary division gives 0.33299999999999996.
    return float(abs(Decimal(float.__repr__(float(weight)))) / whole)


def _completed(weights: Mapping[str, float], total: float) -> str:
    """The split completed with a placeholder for the missing weight, or an example if none is missing."""
    whole = 1 if total < 1 else 100
    if not 0 < total < whole or any(weight < 0 for weight in weights.values()):
        return " ".join(map("{}={}".format, weights if len(weights) == 2 else ("1.0", "1.1"), (90, 10)))
    split = [f"{version}={decimal_text(weight)}" for version, weight in weights.items()]
    return " ".join([*split, f"VERSION={decimal_text(whole - total)}"])
