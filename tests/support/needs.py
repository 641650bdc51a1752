"""What a registry needs now, without what it needed in the last 90 days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from regolo_git.registry.handle import Handle
from regolo_git.registry.reachable import FORMER_DAYS, Found, all_needs


def present_needs(handle: Handle) -> Iterator[Found]:
    """The needs that are left after 90 days in which nothing changes."""
    return all_needs(handle, datetime.now(UTC) + timedelta(days=FORMER_DAYS + 1))
