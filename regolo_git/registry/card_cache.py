"""The description and the owner of every model, from a cache beside the statuses.

A card is named by its bytes, so of a new commit only the cards that changed are read.
"""

from collections.abc import Mapping
from typing import NamedTuple

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.git.small_files import keep_json
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.handle import Handle
from regolo_git.system_calls import read_ordinary

NAME = "cards.json"


class CardText(NamedTuple):
    """What a card says of its model."""

    description: str | None = None
    owner: str | None = None


class _Cache(NamedTuple):
    tip: str | None = None
    models: Mapping[str, str] = {}  # the Git object of each card
    cards: Mapping[str, CardText] = {}  # by that object


def read_card_texts(handle: Handle, tip: str) -> Mapping[str, CardText]:
    """The description and owner of each model as of a commit of the registry branch.

    A notice names a card that cannot be read.
    """
    cache = _load(handle)
    if cache.tip != tip:
        cache = _read(handle, tip, cache.cards)
    return {model: cache.cards[oid] for model, oid in cache.models.items() if oid in cache.cards}


def _read(handle: Handle, tip: str, known: Mapping[str, CardText]) -> _Cache:
    records = handle.records_at(tip)
    oids = records.card_oids()
    cards = {oid: known[oid] for oid in oids.values() if oid in known}
    broken: list[IntegrityError] = []
    for model, oid in oids.items():
        if oid not in cards:
            try:
                card = records.card_or_default(model)
                cards[oid] = CardText(card.description, card.owner)
            except IntegrityError as error:
                broken.append(error)
    handle.notice_broken(broken)
    cache = _Cache(None if broken else tip, oids, cards)  # so that the next command reports it too
    _save(handle, cache)
    return cache


def _load(handle: Handle) -> _Cache:
    try:
        reader = JsonReader.parse(read_ordinary(handle.local_directory / NAME), f"the cache '{NAME}'")
        cards = {
            oid: CardText(held.get_optional("description", str), held.get_optional("owner", str))
            for oid, held in reader.named_objects("cards")
        }
        return _Cache(reader.get_optional("tip", str), reader.dict_of("models", str), cards)
    except (OSError, InvalidInput):
        return _Cache()  # only a cache


def _save(handle: Handle, cache: _Cache) -> None:
    cards = {oid: found._asdict() for oid, found in cache.cards.items()}
    document = {"tip": cache.tip, "models": cache.models, "cards": cards}
    keep_json(handle.local_directory / NAME, document)
