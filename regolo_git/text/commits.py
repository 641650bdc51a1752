"""How a commit and its author read."""


def short(oid: str) -> str:
    """The first digits of a commit, as git shows them."""
    return oid[:10]


def person(who: str) -> str:
    """The name alone of `Ada Byron <ada@example.com>`."""
    return who.partition(" <")[0] or who
