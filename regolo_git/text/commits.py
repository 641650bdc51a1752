"""Commit ids and authors, shortened for display."""


def short(oid: str) -> str:
    """The first ten digits of a commit id."""
    return oid[:10]


def person(who: str) -> str:
    """The name without the address: `Ada Byron` for `Ada Byron <ada@example.com>`."""
    return who.partition(" <")[0] or who
