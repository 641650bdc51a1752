"""What pins a version that is in use: the commit it was at, and its number of replicas."""

import re

from regolo_git.errors import InvalidInput
from regolo_git.records.kinds import is_kind

OID = re.compile(r"[0-9a-f]{40}")
REPLICAS_LIMIT = 1000


def check_commit(commit: str) -> str:
    """Returns a full commit id.  Raises InvalidInput for any other text."""
    if not OID.fullmatch(commit):
        raise InvalidInput(f"'{commit}' is not a full commit id")
    return commit


def check_replicas(replicas: int) -> int:
    """Returns a valid replica count.  Raises InvalidInput for any other."""
    if not is_kind(replicas, int) or not 1 <= replicas <= REPLICAS_LIMIT:
        raise InvalidInput(f"'replicas' is {replicas}, not a whole number between 1 and {REPLICAS_LIMIT}")
    return replicas
