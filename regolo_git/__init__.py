"""regolo-git: a Git-backed model registry.

A model version is a commit with an annotated tag; its manifest is a small text file for review; its content
is in a content-addressed store.  The names below are imported from `regolo_git.api` on first use (PEP 562),
so that importing the package is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regolo_git.api.current import (
        abort_canary,
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
        get_canary,
        get_endpoint,
        get_endpoint_history,
        get_endpoint_metrics,
        get_model,
        get_model_version,
        get_promotion_history,
        hold_canary,
        init,
        label_model_version,
        list_endpoints,
        list_environments,
        list_model_versions,
        list_models,
        list_remote_versions,
        log_model,
        open_model_file,
        promote_canary,
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
        sign_model_version,
        start_canary,
        update_endpoint_traffic,
        use,
    )
    from regolo_git.api.registry import Registry
    from regolo_git.api.value_list import ValueList
    from regolo_git.artifacts.progress import Progress
    from regolo_git.errors import (
        Conflict,
        IntegrityError,
        InvalidInput,
        MissingDependency,
        NotFound,
        PolicyRefused,
        RegoloError,
        RegoloNotice,
        ServingError,
        TransportError,
        VersionExists,
    )
    from regolo_git.records.canary import CanaryMetric, CanaryPolicy, Candidate
    from regolo_git.records.endpoint import Endpoint, PinnedVersion
    from regolo_git.records.environment import Promotion
    from regolo_git.records.evaluations import Evaluation
    from regolo_git.records.manifest import Lineage
    from regolo_git.records.measurement import Measurement
    from regolo_git.records.model_card import MetricRule, ModelCard
    from regolo_git.records.routing import Routing
    from regolo_git.registry.endpoints.deployed import Deployed
    from regolo_git.registry.endpoints.history import EndpointEvent
    from regolo_git.registry.environments.at_time import HeldVersion
    from regolo_git.registry.environments.history import PromotionEvent
    from regolo_git.registry.evict import EvictionPlan, VersionToEvict
    from regolo_git.registry.metric_steps import MetricOrigin
    from regolo_git.registry.models import Model, ModelSummary
    from regolo_git.registry.remote_versions import RemoteVersion
    from regolo_git.registry.retirements import Retirement
    from regolo_git.registry.sync.content import SentContent
    from regolo_git.registry.sync.fetch import DifferingTag, Fetched
    from regolo_git.registry.sync.files import CheckedOutFiles
    from regolo_git.registry.sync.pull import Pulled
    from regolo_git.registry.sync.push import PushedVersion, PushResult
    from regolo_git.registry.version_search import FirstBad
    from regolo_git.registry.versions.checkout import CheckedOut
    from regolo_git.registry.versions.model_version import ModelVersion
    from regolo_git.reviews.comparison import Comparison
    from regolo_git.reviews.review import Review
    from regolo_git.reviews.versions import RevisionComparison
    from regolo_git.serving.canary.status import CanaryStatus
    from regolo_git.serving.metrics.values import EndpointMetrics
    from regolo_git.verdict.metrics import MetricChange

__version__ = "0.1.0"

_HOMES = {
    "regolo_git.api.registry": ("Registry",),
    "regolo_git.api.current": (
        "use",
        "init",
        "clone",
        "push",
        "evict",
        "find_model_versions",
        "fetch",
        "pull",
        "register_model",
        "create_model_version",
        "get_model_version",
        "list_model_versions",
        "get_model",
        "list_models",
        "list_remote_versions",
        "log_model",
        "describe_model",
        "evaluate_model_version",
        "label_model_version",
        "open_model_file",
        "compare_model_versions",
        "compare_revisions",
        "confirm_store",
        "checkout_model_version",
        "blame_metric",
        "bisect_model_versions",
        "rollback_model",
        "renumber_model_version",
        "retire_model_version",
        "review",
        "sign_model_version",
        "delete_model_version",
        "demote_model_version",
        "create_endpoint",
        "delete_endpoint",
        "start_canary",
        "get_canary",
        "hold_canary",
        "abort_canary",
        "promote_canary",
        "get_endpoint",
        "get_endpoint_history",
        "get_endpoint_metrics",
        "get_promotion_history",
        "list_endpoints",
        "list_environments",
        "promote_model_version",
        "propose_model_version_again",
        "rollback_endpoint",
        "update_endpoint_traffic",
    ),
    "regolo_git.registry.versions.model_version": ("ModelVersion",),
    "regolo_git.registry.remote_versions": ("RemoteVersion",),
    "regolo_git.registry.evict": ("EvictionPlan", "VersionToEvict"),
    "regolo_git.registry.sync.content": ("SentContent",),
    "regolo_git.registry.sync.fetch": ("DifferingTag", "Fetched"),
    "regolo_git.registry.sync.files": ("CheckedOutFiles",),
    "regolo_git.registry.sync.pull": ("Pulled",),
    "regolo_git.registry.sync.push": ("PushResult", "PushedVersion"),
    "regolo_git.registry.versions.checkout": ("CheckedOut",),
    "regolo_git.registry.models": ("Model", "ModelSummary"),
    "regolo_git.reviews.comparison": ("Comparison",),
    "regolo_git.reviews.review": ("Review",),
    "regolo_git.records.canary": ("CanaryMetric", "CanaryPolicy", "Candidate"),
    "regolo_git.serving.canary.status": ("CanaryStatus",),
    "regolo_git.serving.metrics.values": ("EndpointMetrics",),
    "regolo_git.records.endpoint": (
        "Endpoint",
        "PinnedVersion",
    ),
    "regolo_git.records.environment": ("Promotion",),
    "regolo_git.records.evaluations": ("Evaluation",),
    "regolo_git.records.manifest": ("Lineage",),
    "regolo_git.records.measurement": ("Measurement",),
    "regolo_git.records.routing": ("Routing",),
    "regolo_git.api.value_list": ("ValueList",),
    "regolo_git.artifacts.progress": ("Progress",),
    "regolo_git.records.model_card": (
        "MetricRule",
        "ModelCard",
    ),
    "regolo_git.registry.endpoints.deployed": ("Deployed",),
    "regolo_git.registry.endpoints.history": ("EndpointEvent",),
    "regolo_git.registry.environments.at_time": ("HeldVersion",),
    "regolo_git.registry.environments.history": ("PromotionEvent",),
    "regolo_git.registry.metric_steps": ("MetricOrigin",),
    "regolo_git.registry.retirements": ("Retirement",),
    "regolo_git.registry.version_search": ("FirstBad",),
    "regolo_git.reviews.versions": ("RevisionComparison",),
    "regolo_git.verdict.metrics": ("MetricChange",),
    "regolo_git.errors": (
        "RegoloError",
        "InvalidInput",
        "NotFound",
        "Conflict",
        "VersionExists",
        "IntegrityError",
        "TransportError",
        "ServingError",
        "PolicyRefused",
        "MissingDependency",
        "RegoloNotice",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "CanaryMetric",
    "CanaryPolicy",
    "CanaryStatus",
    "Candidate",
    "CheckedOut",
    "CheckedOutFiles",
    "Comparison",
    "Conflict",
    "Deployed",
    "DifferingTag",
    "Endpoint",
    "EndpointEvent",
    "EndpointMetrics",
    "Evaluation",
    "EvictionPlan",
    "Fetched",
    "FirstBad",
    "HeldVersion",
    "IntegrityError",
    "InvalidInput",
    "Lineage",
    "Measurement",
    "MetricChange",
    "MetricOrigin",
    "MetricRule",
    "MissingDependency",
    "Model",
    "ModelCard",
    "ModelSummary",
    "ModelVersion",
    "NotFound",
    "PinnedVersion",
    "PolicyRefused",
    "Progress",
    "Promotion",
    "PromotionEvent",
    "Pulled",
    "PushResult",
    "PushedVersion",
    "Registry",
    "Retirement",
    "Review",
    "RegoloError",
    "RegoloNotice",
    "RemoteVersion",
    "RevisionComparison",
    "Routing",
    "SentContent",
    "ServingError",
    "TransportError",
    "ValueList",
    "VersionExists",
    "VersionToEvict",
    "abort_canary",
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
    "get_canary",
    "get_endpoint",
    "get_endpoint_history",
    "get_endpoint_metrics",
    "get_model",
    "get_model_version",
    "get_promotion_history",
    "hold_canary",
    "init",
    "list_endpoints",
    "list_environments",
    "list_model_versions",
    "list_models",
    "list_remote_versions",
    "log_model",
    "open_model_file",
    "promote_canary",
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
    "sign_model_version",
    "start_canary",
    "update_endpoint_traffic",
    "use",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'regolo_git' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
