"""The endpoints on the registry branch."""

from regolo_git.errors import NotFound
from regolo_git.hints import Corrected, Hint
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.names import check_endpoint_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.nearest import nearest
from regolo_git.text.numbers import few_of

NAMED = 5


def get_endpoint(handle: Handle, name: str) -> Endpoint:
    """An endpoint's desired state on the registry branch.  Raises NotFound, IntegrityError."""
    return require_endpoint(handle.records(), name)


def list_endpoints(handle: Handle) -> list[Endpoint]:
    """Every endpoint on the registry branch, sorted by name; a notice names each unreadable one."""
    return list(handle.readable(handle.records().endpoints()))


def require_endpoint(records: RecordsAt, name: str) -> Endpoint:
    """An endpoint by name.  Raises NotFound with the nearest name as a hint, IntegrityError."""
    endpoint = records.endpoint(check_endpoint_name(name))
    if endpoint is None:
        # The names come from the file names, so broken files count too.
        if name in records.models():
            raise _is_model(records, name)
        close = nearest(name, records.endpoint_names())
        hint = Corrected(name, close, Hint("endpoint show", close)) if close else Hint("endpoint list")
        raise NotFound(f"there is no endpoint '{name}'", hint)
    return endpoint


def _is_model(records: RecordsAt, model: str) -> NotFound:
    """The error for a model's name where an endpoint's is expected, with its endpoints."""
    names = [found.endpoint for found in records.endpoints().records if found.model == model]
    if not names:
        hint = Hint("endpoint create", "ENDPOINT", model)
        return NotFound(f"there is no endpoint '{model}'; it is a model without an endpoint", hint)
    verb = "s are" if names[1:] else " is"
    what = f"it is a model, and its endpoint{verb} {few_of(names[:NAMED], len(names))}"
    return NotFound(f"there is no endpoint '{model}'; {what}", Hint("endpoint show", names[0]))
