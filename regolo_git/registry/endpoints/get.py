"""The endpoints on the registry branch."""

from regolo_git.errors import NotFound
from regolo_git.hints import Hint
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.names import check_endpoint_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.nearest import nearest


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
            raise NotFound(f"there is no endpoint '{name}'; it is a model", Hint("show", name))
        close = nearest(name, records.endpoint_names())
        hint = Hint("endpoint show", close) if close else Hint("endpoint list")
        raise NotFound(f"there is no endpoint '{name}'", hint)
    return endpoint
