"""The records of a registry as of a commit, read lazily, one at a time.

A record that is broken, or that a newer release wrote, raises only when it is read by name; it never prevents
the others from being read.  Methods that read all records of a kind return the readable ones together with
the errors of the rest.  `Handle.records()` gives the current records.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from regolo_git.errors import IntegrityError, InvalidInput, NotFound
from regolo_git.records.paths import (
    CONFIG_PATH,
    ENDPOINTS,
    ENVIRONMENTS,
    MODELS,
    card_path,
    endpoint_of,
    endpoint_path,
    environment_path,
    evaluations_path,
    labels_path,
    manifest_path,
    model_of_card,
    model_of_evaluations,
    model_of_labels,
    model_of_manifest,
    model_of_retired,
    place_of_promotion,
    retired_path,
)
from regolo_git.records.places import RECORD_NAMES
from regolo_git.registry import record_parsers as parsers

if TYPE_CHECKING:
    from regolo_git.git.repository import GitRepository
    from regolo_git.records.config import RegistryConfig
    from regolo_git.records.endpoint import Endpoint
    from regolo_git.records.environment import Promotion
    from regolo_git.records.evaluations import Evaluations
    from regolo_git.records.labels import Labels
    from regolo_git.records.manifest import Manifest
    from regolo_git.records.model_card import ModelCard
    from regolo_git.records.retired import RetiredList

Record = TypeVar("Record")
Parse = Callable[[bytes, str], Record]


@dataclass(frozen=True, slots=True)
class Listing(Generic[Record]):
    """All records of one kind, by subject: a model, an endpoint, or a place such as `staging/m`.

    `broken` has the errors of the unreadable ones, by path.
    """

    by_name: Mapping[str, Record] = field(default_factory=dict)
    broken: Mapping[str, IntegrityError] = field(default_factory=dict)

    @property
    def records(self) -> tuple[Record, ...]:
        """The readable records."""
        return tuple(self.by_name.values())


class RecordsAt:
    """The records of a registry as of a commit of each branch; None is a branch before its first commit.

    Environments and endpoints are read from `operations`, everything else from `registry`.  A record is
    parsed once.  Every method raises IntegrityError for a damaged record and NewerFormat for one of a newer
    release, naming its file, and MissingObject if the clone lacks the commit.
    """

    def __init__(
        self,
        git: "GitRepository",
        registry: str | None,
        operations: str | None,
        lacking: NotFound | None = None,
    ) -> None:
        """`lacking` is the error for environments and endpoints in a clone without the operations branch."""
        self.registry = registry
        self.operations = operations
        self.lacking = lacking
        self._git = git
        self._parsed: dict[str, object] = {}

    def config(self) -> "RegistryConfig | None":
        """The registry's configuration; None if there is none."""
        return self._one(CONFIG_PATH, parsers.parse_config)

    def manifest(self, model: str) -> "Manifest | None":
        """A model's manifest; None if it has none."""
        return self._one(manifest_path(model), parsers.parse_manifest)

    def manifests(self) -> "Listing[Manifest]":
        """The manifests of all models, sorted by name."""
        return self._all(MODELS, model_of_manifest, parsers.parse_manifest)

    def misplaced_manifests(self) -> dict[str, IntegrityError]:
        """An error for each manifest that is at the path of another model, by path."""
        held = self.manifests().by_name
        wrong = {manifest_path(model): each.model for model, each in held.items() if each.model != model}
        return {
            path: IntegrityError(
                f"'{path}' is the manifest of another model, '{model}'", f"git log -p -- :/{path}"
            )
            for path, model in wrong.items()
        }

    def models(self) -> list[str]:
        """The names of the models that have a manifest, readable or not, sorted."""
        return [model for path, _ in self._files(MODELS) if (model := model_of_manifest(path)) is not None]

    def manifest_oids(self) -> dict[str, str]:
        """The Git object of each model's manifest, readable or not."""
        named = ((model_of_manifest(path), oid) for path, oid in self._files(MODELS))
        return {model: oid for model, oid in named if model is not None}

    def beside_manifest(self, model: str) -> list[str]:
        """The file names of a model's records other than its manifest, readable or not, sorted."""
        directory, _, own = manifest_path(model).rpartition("/")
        files = (path.rpartition("/") for path, _ in self._files(directory))
        return [name for at, _, name in files if at == directory and name in RECORD_NAMES and name != own]

    def card_oids(self) -> dict[str, str]:
        """The Git object of each model's card, readable or not."""
        named = ((model_of_card(path), oid) for path, oid in self._files(MODELS))
        return {model: oid for model, oid in named if model is not None}

    def card(self, model: str) -> "ModelCard | None":
        """A model's card; None if it has none."""
        return self._one(card_path(model), parsers.parse_card)

    def card_or_default(self, model: str) -> "ModelCard":
        """A model's card; one without entries if it has none."""
        from regolo_git.records.model_card import ModelCard  # noqa: PLC0415 - `list` needs no card

        return self.card(model) or ModelCard()

    def cards(self) -> "Listing[ModelCard]":
        """The cards of all models."""
        return self._all(MODELS, model_of_card, parsers.parse_card)

    def retired(self, model: str) -> "RetiredList":
        """A model's retired versions; an empty list if it has none."""
        from regolo_git.records.retired import RetiredList  # noqa: PLC0415 - `list` needs none

        return self._one(retired_path(model), parsers.parse_retired_list) or RetiredList()

    def retired_lists(self) -> "Listing[RetiredList]":
        """The lists of retired versions of all models."""
        return self._all(MODELS, model_of_retired, parsers.parse_retired_list)

    def evaluations(self, model: str) -> "Evaluations":
        """What was measured of a model's versions later; empty if nothing was."""
        from regolo_git.records.evaluations import Evaluations  # noqa: PLC0415 - `list` needs none

        path = evaluations_path(model)
        found = self._one(path, parsers.parse_evaluations)
        if found is None:  # kept too: a list asks for each version
            self._parsed[path] = found = Evaluations()
        return found

    def all_evaluations(self) -> "Listing[Evaluations]":
        """The evaluations of all models."""
        return self._all(MODELS, model_of_evaluations, parsers.parse_evaluations)

    def labels(self, model: str) -> "Labels":
        """The labels of a model's versions; empty if they have none."""
        from regolo_git.records.labels import Labels  # noqa: PLC0415 - `list` needs none

        return self._one(labels_path(model), parsers.parse_labels) or Labels()

    def all_labels(self) -> "Listing[Labels]":
        """The labels of all models."""
        return self._all(MODELS, model_of_labels, parsers.parse_labels)

    def labelled_models(self) -> list[str]:
        """The names of the models with labels, readable or not, sorted."""
        return [model for path, _ in self._files(MODELS) if (model := model_of_labels(path)) is not None]

    def promotion(self, environment: str, model: str) -> "Promotion | None":
        """The promotion of a model to an environment; None if there is none."""
        return self._one(environment_path(environment, model), parsers.parse_promotion)

    def environments_in_use(self) -> list[str]:
        """The names of the environments that have a promotion, readable or not, sorted."""
        places = (place_of_promotion(path) for path, _ in self._files(ENVIRONMENTS))
        return sorted({place.partition("/")[0] for place in places if place is not None})

    def promotions(self) -> "Listing[Promotion]":
        """All promotions, lowest environment first.  Raises IntegrityError for the configuration."""
        found = self._all(ENVIRONMENTS, place_of_promotion, parsers.parse_promotion)
        config = self.config()
        rank = {name: index for index, name in enumerate(config.environment_order() if config else ())}

        def place(item: "tuple[str, Promotion]") -> tuple[int, str, str]:
            promotion = item[1]
            return rank.get(promotion.environment, -1), promotion.environment, promotion.model

        return Listing(dict(sorted(found.by_name.items(), key=place)), found.broken)

    def endpoint(self, name: str) -> "Endpoint | None":
        """An endpoint's desired state; None if there is no such endpoint."""
        return self._one(endpoint_path(name), parsers.parse_endpoint)

    def endpoints(self) -> "Listing[Endpoint]":
        """Every endpoint, sorted by name."""
        return self._all(ENDPOINTS, endpoint_of, parsers.parse_endpoint)

    def endpoint_names(self) -> list[str]:
        """The names of all endpoints, readable or not."""
        return [name for path, _ in self._files(ENDPOINTS) if (name := endpoint_of(path)) is not None]

    def data(self, path: str) -> bytes | None:
        """The bytes of a record, readable or not; None if there is none."""
        return self._git.read_file(self._commit(path), path)

    def _commit(self, path: str) -> str | None:
        if path.partition("/")[0] not in (ENVIRONMENTS, ENDPOINTS):
            return self.registry
        if self.lacking is not None:
            raise self.lacking
        return self.operations

    def _files(self, directory: str) -> list[tuple[str, str]]:
        return self._git.list_files(self._commit(directory), directory)

    def _fetch(self, oids: Iterable[str]) -> None:
        from regolo_git.git.prefetch import fetch_missing  # noqa: PLC0415 - imports the Git library

        fetch_missing(self._git, oids)

    def _read(self, path: str, oid: str) -> bytes:  # noqa: ARG002 - a work tree reads by path
        return self._git.read_blob(oid)

    def _one(self, path: str, parse: Parse[Record]) -> Record | None:
        if path not in self._parsed:
            data = self.data(path)
            if data is None:
                return None
            self._parsed[path] = _parse(data, path, parse)
        return cast("Record", self._parsed[path])

    def _all(
        self, directory: str, name_of: Callable[[str], str | None], parse: Parse[Record]
    ) -> Listing[Record]:
        by_name: dict[str, Record] = {}
        broken: dict[str, IntegrityError] = {}
        files = [(path, oid, name) for path, oid in self._files(directory) if (name := name_of(path))]
        self._fetch([oid for _, oid, _ in files])
        for path, oid, name in files:
            try:
                if path not in self._parsed:
                    self._parsed[path] = _parse(self._read(path, oid), path, parse)
                by_name[name] = cast("Record", self._parsed[path])
            except IntegrityError as error:
                broken[path] = error
        return Listing(by_name, broken)


def check_readable(files: Mapping[str, bytes | None]) -> None:
    """Reads back the records among new files.  Raises InvalidInput for one that cannot be read."""
    for path, data in files.items():
        try:
            if data is not None:
                read_record(path, data)
        except IntegrityError as error:
            raise InvalidInput(f"it could not be read again: {error.message}") from error


def is_record(path: str) -> bool:
    """Whether a record is at a path."""
    return any(is_kind(path) is not None for is_kind, _ in _KINDS)


def read_record(path: str, data: bytes) -> object | None:
    """The record in a file, whichever kind its path stands for; None if it is not the path of one.

    Raises IntegrityError for a damaged record and NewerFormat for one of a newer release, naming its file.
    """
    parse = next((parse for is_kind, parse in _KINDS if is_kind(path) is not None), None)
    return _parse(data, path, parse) if parse is not None else None


def _parse(data: bytes, path: str, parse: Parse[Record]) -> Record:
    from regolo_git.records.tables import of_file  # noqa: PLC0415 - `list` parses nothing

    with of_file(path):
        return parse(data, path)


_KINDS: tuple[tuple[Callable[[str], str | None], Parse[object]], ...] = (
    (model_of_manifest, parsers.parse_manifest),
    (model_of_card, parsers.parse_card),
    (model_of_retired, parsers.parse_retired_list),
    (model_of_evaluations, parsers.parse_evaluations),
    (model_of_labels, parsers.parse_labels),
    (place_of_promotion, parsers.parse_promotion),
    (endpoint_of, parsers.parse_endpoint),
    (lambda path: path if path == CONFIG_PATH else None, parsers.parse_config),
)
