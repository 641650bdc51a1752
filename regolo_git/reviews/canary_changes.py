"""What a change does to the canary of an endpoint and to its policy, in words."""

from collections.abc import Iterator, Mapping

from regolo_git.records.canary import CanaryPolicy
from regolo_git.records.endpoint import Endpoint
from regolo_git.text.json_values import Plain


def canary_words(before: Endpoint, after: Endpoint) -> Iterator[str]:
    """A canary that starts or ends, another policy, and digests that are allowed again."""
    old, new = before.candidate, after.candidate
    if new is not None and (old is None or old.version != new.version):
        yield f"starts a canary of {new.version}"
    elif old is not None and new is None:
        yield f"ends the canary of {old.version}"
    if after.canary is None:
        if before.canary is not None:
            yield "no policy for canaries any more"
    elif before.canary is None:
        yield "a policy for canaries"
    elif before.canary != after.canary:
        yield from _policy_words(before.canary, after.canary)


def _policy_words(before: CanaryPolicy, after: CanaryPolicy) -> Iterator[str]:
    old, new = _flat(before.to_dict()), _flat(after.to_dict())
    for key in sorted(old.keys() | new.keys()):
        if key != "rejected" and old.get(key) != new.get(key):
            yield f"canary {key}: {old.get(key)} → {new.get(key)}"
    for digest in before.rejected:
        if digest not in after.rejected:
            yield f"{digest}, which a canary has rolled back, is allowed again"


def _flat(table: Plain) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        flat |= {f"{key}.{name}" if name else key: held for name, held in inner}
    return flat
