"""The environments and endpoints that have a renumbered version: they follow it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from regolo_git.errors import NotFound
from regolo_git.git.new_commit import NewCommit
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.paths import endpoint_path, environment_path
from regolo_git.records.versions import Version
from regolo_git.registry.change import action_message
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.renumber_step import Step


def _step_of(steps: Sequence[Step], model: str, version: str, digest: object) -> Step | None:
    """The step of the version that a pin names, if it is the version of this clone."""
    for step in steps:
        same = step.row.model == model and step.row.identity == Version.parse(version).identity
        if same and step.row.digest == digest:
            return step
    return None


def pinned_by(records: RecordsAt, steps: Sequence[Step]) -> Iterator[str]:
    """The environments and endpoints that have one of the versions."""
    for promotion in records.promotions().records:
        if _step_of(steps, promotion.model, promotion.version, promotion.digest):
            yield f"environment '{promotion.environment}'"
    for endpoint in records.endpoints().records:
        pinned = endpoint.versions.items()
        if any(_step_of(steps, endpoint.model, name, pin.digest) for name, pin in pinned):
            yield f"endpoint '{endpoint.endpoint}'"


def moved_promotion(promotion: Promotion, steps: Sequence[Step]) -> Promotion:
    """A promotion with the new number and commit of its version, if it has one."""
    step = _step_of(steps, promotion.model, promotion.version, promotion.digest)
    return replace(promotion, version=step.version, commit=step.committed) if step is not None else promotion


def moved_endpoint(endpoint: Endpoint, steps: Sequence[Step]) -> Endpoint:
    """An endpoint with the new numbers and commits of its versions."""
    renamed = {
        name: step
        for name, pin in endpoint.versions.items()
        if (step := _step_of(steps, endpoint.model, name, pin.digest)) is not None
    }
    return _with_renamed_mark(_renamed(endpoint, renamed), steps)


def _moved_pins(records: RecordsAt, steps: Sequence[Step]) -> dict[str, bytes | None]:
    """The files of the environments and endpoints that name an old number, with the new one."""
    files: dict[str, bytes | None] = {}
    for promotion in records.promotions().records:
        moved = moved_promotion(promotion, steps)
        if moved != promotion:
            files[environment_path(promotion.environment, promotion.model)] = _bytes(moved)
    for endpoint in records.endpoints().records:
        moved_one = moved_endpoint(endpoint, steps)
        if moved_one != endpoint:
            files[endpoint_path(endpoint.endpoint)] = _bytes(moved_one)
    return files


def _renamed(endpoint: Endpoint, steps: Mapping[str, Step]) -> Endpoint:
    names = {name: steps[name].version if name in steps else name for name in endpoint.versions}
    versions = {
        names[name]: replace(pin, commit=steps[name].committed) if name in steps else pin
        for name, pin in endpoint.versions.items()
    }
    return replace(endpoint, traffic={names[n]: s for n, s in endpoint.traffic.items()}, versions=versions)


def _with_renamed_mark(endpoint: Endpoint, steps: Sequence[Step]) -> Endpoint:
    """The record of a rollback with new numbers; the version that it left may be at no endpoint any more."""
    mark = endpoint.rolled_back
    if mark is None:
        return endpoint
    names = {step.row.version: step.version for step in steps if step.row.model == endpoint.model}
    source, target = (names.get(name, name) for name in (mark.source, mark.target))
    return replace(endpoint, rolled_back=replace(mark, source=source, target=target))


def _bytes(record: Promotion | Endpoint) -> bytes:
    return record.to_text().encode()


def pin_commit(records: RecordsAt, steps: Sequence[Step]) -> NewCommit[None]:
    """The commit in which environments and endpoints follow the steps, which have their new commits."""
    files = _moved_pins(records, steps)
    if not files:
        raise NotFound("no environment or endpoint has the old number any more", "try again")
    named = ", ".join(f"{step.before} is now {step.version}" for step in steps)
    return NewCommit(files, action_message(None, f"renumber: {named}", "renumber", {}), None)
