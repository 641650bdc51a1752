"""Whether the shared store that a registry names may be used: its URL comes from the repository."""

from regolo_git.records.store_url import StoreAddress


class Trust:
    """An answer that was given in advance: no, yes, or yes to one URL."""

    def __init__(self, answer: bool | str) -> None:
        self._answer = answer

    def __call__(self, address: StoreAddress) -> bool:
        """Whether a store may be used."""
        return self._answer is True or self._answer == address.url
