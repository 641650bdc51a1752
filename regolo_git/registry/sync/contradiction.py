"""Retired versions that environments or endpoints use, where two changes meet that were right on their own.

The list of retired versions is on the registry branch, and environments and endpoints may be on another one.
So a push of either branch is judged by both, as they will be at the remote, also where it only moves forward:
git has no objection to a promotion in one clone and a retirement in another.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from regolo_git.errors import IntegrityError
from regolo_git.git.history import changed_files
from regolo_git.git.repository import GitRepository
from regolo_git.hints import Hint
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS, MODELS, model_of_retired, place_of_promotion
from regolo_git.records.references import version_reference
from regolo_git.records.retired import RetiredEntry, RetiredList
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.record_parsers import parse_endpoint, parse_promotion
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.usage import User, unreadable_users, users_of
from regolo_git.registry.versions.reassign import reassign_hint
from regolo_git.text.commits import person
from regolo_git.text.printable import one_line


class Contradiction(NamedTuple):
    """A retired version of a model, and an environment or endpoint that uses it."""

    user: User
    model: str
    entry: RetiredEntry

    @property
    def text(self) -> str:
        """The sentence for a person."""
        reference = version_reference(self.model, self.entry.version)
        why = one_line(f"{person(self.entry.who)}: {self.entry.reason}")
        return f"{self.user} uses '{reference}', which is retired ({why})"

    def hint(self, handle: Handle, records: RecordsAt) -> Hint:
        """The command that gives the user another version."""
        return reassign_hint(handle, records, self.model, self.entry.version, self.user)


class Change(NamedTuple):
    """The records of both branches before and after a change, by their commits."""

    before: RecordsAt
    after: RecordsAt

    def retires(self, git: GitRepository) -> dict[str, list[RetiredEntry]]:
        """The entries of versions that are retired since, by model."""
        if None in (self.before.registry, self.after.registry):
            return {}
        assert self.after.registry is not None
        paths = changed_files(git, self.before.registry, self.after.registry, MODELS)
        models = [model for path in paths if (model := model_of_retired(path)) is not None]
        found = {model: _added(self.before, self.after, model) for model in models}
        return {model: entries for model, entries in found.items() if entries}

    def uses(self, git: GitRepository) -> Mapping[str, str]:
        """The promotions and endpoints that have changed since, by path."""
        before, after = self.before.operations, self.after.operations
        if before is None or after is None:
            return {}
        changed = {
            path: oid
            for name in (ENVIRONMENTS, ENDPOINTS)
            for path, oid in changed_files(git, before, after, name).items()
        }
        return {path: oid for path, oid in changed.items() if oid is not None}


def contradictions(git: GitRepository, change: Change) -> Iterator[Contradiction]:
    """The retired versions that are used after a change, and were not used, or not retired, before it.

    Raises IntegrityError for a record that may use a version that was retired since, and cannot be read.
    """
    before, after = change
    retired = change.retires(git)
    if retired:
        promotions, endpoints = after.promotions().records, after.endpoints().records
        for model, entries in retired.items():
            for error in unreadable_users(after, model):
                raise error
            for added in entries:
                for user in users_of(promotions, endpoints, model, added.version):
                    yield Contradiction(user, model, added)
    for path, oid in change.uses(git).items():
        data = git.read_blob(oid)
        for user, model, version in _used(path, data):
            entry = after.retired(model).get(version)
            if entry is None or entry in retired.get(model, ()):
                continue
            if (user, Version.parse(version)) not in _used_before(before, path, model):
                yield Contradiction(user, model, entry)


def _added(before: RecordsAt, after: RecordsAt, model: str) -> list[RetiredEntry]:
    known = RetiredList()
    with suppress(IntegrityError):  # this change may repair it
        known = before.retired(model)
    return [entry for entry in after.retired(model).entries if not known.has(entry.version)]


def _used(path: str, data: bytes) -> Iterable[tuple[User, str, str]]:
    """The versions that a record uses, each with the user and the model; none if it cannot be read."""
    with suppress(IntegrityError):  # `fsck` names it
        if place_of_promotion(path) is not None:
            promotion = parse_promotion(data, path)
            user = User("environment", promotion.environment)
            return [(user, promotion.model, promotion.version)]
        endpoint = parse_endpoint(data, path)
        return [(User("endpoint", endpoint.endpoint), endpoint.model, each) for each in endpoint.versions]
    return []


def _used_before(records: RecordsAt, path: str, model: str) -> set[tuple[User, Version]]:
    data = records.data(path)
    if data is None:
        return set()
    return {(user, Version.parse(each)) for user, of, each in _used(path, data) if of == model}
