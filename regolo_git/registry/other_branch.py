"""The configuration of a registry whose branch is neither HEAD nor `main`."""

from typing import TYPE_CHECKING

from regolo_git.errors import IntegrityError

if TYPE_CHECKING:
    from regolo_git.records.config import RegistryConfig
    from regolo_git.registry.handle import Handle


def config_of_another_branch(handle: "Handle") -> "RegistryConfig | None":
    """The configuration of a branch that declares itself the registry branch, else of any branch.

    It is found even from a commit older than the registry, where `init` would create a second registry.
    """
    other: RegistryConfig | None = None
    for branch, commit in handle.git.branches():
        try:
            config = handle.records_at(commit).config()
        except IntegrityError:
            continue  # a topic branch; that of the registry branch is reported once it is checked out
        if config is not None and config.branch == branch:
            return config
        other = other or config
    return other
