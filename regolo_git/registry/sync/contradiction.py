"""Records that do not fit the others of the branch that they come to, though each was right on its own."""

from collections.abc import Iterator, Mapping

from regolo_git.records.paths import endpoint_of, model_of_retired, place_of_promotion
from regolo_git.records.references import version_reference
from regolo_git.registry.record_parsers import parse_endpoint, parse_promotion, parse_retired_list
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.usage import users_of


def contradiction(records: RecordsAt, files: Mapping[str, bytes | None]) -> str | None:
    """Why new records cannot join others: one retires a version that another uses; None if they can."""
    return next(
        (why for path, data in files.items() if data for why in _of_record(records, path, data)), None
    )


def _of_record(records: RecordsAt, path: str, data: bytes) -> Iterator[str]:
    retiring = model_of_retired(path)
    if retiring is not None:
        yield from _used(records, retiring, path, data)
    used: tuple[str, list[str]] | None = None
    if place_of_promotion(path) is not None:
        promotion = parse_promotion(data, path)
        used = promotion.model, [promotion.version]
    elif endpoint_of(path) is not None:
        endpoint = parse_endpoint(data, path)
        used = endpoint.model, list(endpoint.versions)
    for version in used[1] if used is not None else ():
        if used is not None and records.retired(used[0]).has(version):
            yield f"another clone retired '{version_reference(used[0], version)}', which '{path}' uses"


def _used(records: RecordsAt, model: str, path: str, data: bytes) -> Iterator[str]:
    before = records.retired(model)
    promotions, endpoints = records.promotions().records, records.endpoints().records
    for entry in parse_retired_list(data, path).entries:
        users = users_of(promotions, endpoints, model, entry.version)
        if users and not before.has(entry.version):
            reference = version_reference(model, entry.version)
            yield f"'{reference}' is retired here, and another clone gave it to {users[0]}"
