"""The users of a version: the environments it is promoted to, and the endpoints that serve it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from regolo_git.errors import IntegrityError
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.paths import place_of_promotion
from regolo_git.records.toml_text import load_document
from regolo_git.records.versions import Version
from regolo_git.registry.records_at import RecordsAt

NAME_CHARACTER = "[a-z0-9._/-]"


@dataclass(frozen=True, slots=True)
class User:
    """An environment or an endpoint."""

    kind: Literal["environment", "endpoint"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'"


def users_of(
    promotions: Iterable[Promotion], endpoints: Iterable[Endpoint], model: str, version: str
) -> list[User]:
    """The users of a version among these records, environments first."""
    wanted = Version.parse(version)
    environments = [
        User("environment", promotion.environment)
        for promotion in promotions
        if promotion.model == model and Version.parse(promotion.version) == wanted
    ]
    return environments + [
        User("endpoint", endpoint.endpoint)
        for endpoint in endpoints
        if endpoint.model == model and any(Version.parse(name) == wanted for name in endpoint.versions)
    ]


def unreadable_users(records: RecordsAt, model: str) -> Iterator[IntegrityError]:
    """The errors of the unreadable records that may use a version of a model.

    These are its promotions, and every endpoint that may serve it.
    """
    for path, error in records.promotions().broken.items():
        if (place_of_promotion(path) or "").partition("/")[2] == model:
            yield error
    for path, error in records.endpoints().broken.items():
        if _may_serve(records.data(path) or b"", model):
            yield error


def _may_serve(data: bytes, model: str) -> bool:
    try:
        named = load_document(data, "the endpoint").get("model")
    except IntegrityError:
        return True
    if not isinstance(named, str) or named == model:
        return True
    # In a newer release an endpoint may serve several models, but it must still name them.
    mentioned = rf"(?<!{NAME_CHARACTER}){re.escape(model)}(?!{NAME_CHARACTER})"
    return re.search(mentioned.encode(), data) is not None
