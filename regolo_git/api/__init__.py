"""The Python API: `Registry`, and each of its methods as a function on the current registry.

    import regolo_git as regolo
    regolo.register_model(name="sentiment", model_data="model.safetensors", metadata={"accuracy": 0.89})

The functions (`current.py`) use the registry that contains the working directory, or the one set with
`REGOLO_REPO` or `use`; `Registry` (`registry.py`) is for programs with several registries.  Both import the
Git library, so they are loaded on first use (PEP 562).
"""

from typing import TYPE_CHECKING

import regolo_git

if TYPE_CHECKING:
    from regolo_git.api.current import (
        bisect_model_versions,
        blame_metric,
        checkout_model_version,
        clone,
        compare_model_versions,
        compare_revisions,
        confirm_store,
        create_endpoint,
        create_model_version,
        delete_endpoint,
        delete_model_version,
        demote_model_version,
        describe_model,
        evaluate_model_version,
        evict,
        fetch,
        find_model_versions,
        get_endpoint,
        get_endpoint_history,
        get_endpoint_metrics,
        get_model,
        get_model_version,
        get_promotion_history,
        init,
        label_model_version,
        list_endpoints,
        list_environments,
        list_model_versions,
        list_models,
        list_remote_versions,
        log_model,
        open_model_file,
        promote_model_version,
        propose_model_version_again,
        pull,
        push,
        register_model,
        renumber_model_version,
        retire_model_version,
        review,
        rollback_endpoint,
        rollback_model,
        update_endpoint_traffic,
        use,
    )
    from regolo_git.api.registry import Registry

__all__ = [
    "Registry",
    "Review",
    "checkout_model_version",
    "blame_metric",
    "bisect_model_versions",
    "clone",
    "compare_model_versions",
    "compare_revisions",
    "confirm_store",
    "create_endpoint",
    "create_model_version",
    "delete_endpoint",
    "delete_model_version",
    "demote_model_version",
    "describe_model",
    "evaluate_model_version",
    "label_model_version",
    "evict",
    "find_model_versions",
    "fetch",
    "get_endpoint",
    "get_endpoint_history",
    "get_endpoint_metrics",
    "get_model",
    "get_model_version",
    "get_promotion_history",
    "init",
    "list_endpoints",
    "list_environments",
    "list_model_versions",
    "list_models",
    "list_remote_versions",
    "log_model",
    "open_model_file",
    "promote_model_version",
    "propose_model_version_again",
    "pull",
    "push",
    "register_model",
    "renumber_model_version",
    "retire_model_version",
    "review",
    "rollback_endpoint",
    "rollback_model",
    "update_endpoint_traffic",
    "use",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'regolo_git.api' has no attribute '{name}'")
    return getattr(regolo_git, name)
