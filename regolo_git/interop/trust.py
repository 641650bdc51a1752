"""Whether the shared store that a registry names may be used: its URL comes from the repository."""

from regolo_git.records.store_url import StoreAddress
from regolo_git.registry.shared_store import unconfirmed


class Trust:
    """An answer that was given in advance: no, yes, or yes to one URL."""

    def __init__(self, answer: bool | str) -> None:
        self._answer = answer

    def __call__(self, address: StoreAddress) -> bool:
        """True if a store may be used.  Raises StoreUnconfirmed, with the option that confirms it."""
        if self._answer is True or self._answer == address.url:
            return True
        raise unconfirmed(address, f'pass trust_store="{address.url}"')
