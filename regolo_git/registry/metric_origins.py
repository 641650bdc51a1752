"""Which versions of a model gave its metrics their values, on a branch or in the history of any commit."""

from regolo_git.git.history import UNSHALLOW
from regolo_git.records.revision_syntax import AtRevision, OneVersion
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import list_versions
from regolo_git.registry.metric_steps import (
    MetricOrigin,
    Step,
    changes_of_metric,
    origins_of_metrics,
    steps_of,
)
from regolo_git.registry.revision_versions import versions_in


def metric_changes(handle: Handle, model: OneVersion, metric: str) -> list[MetricOrigin]:
    """Every version that changed a metric, the last one first.  Raises NotFound."""
    return _checked(handle, changes_of_metric(_steps(handle, model), model.model, metric))


def metric_origins(handle: Handle, model: OneVersion) -> list[MetricOrigin]:
    """The version that gave each metric of the last version its value, by name.  Raises NotFound."""
    return _checked(handle, origins_of_metrics(_steps(handle, model)))


def _steps(handle: Handle, model: OneVersion) -> list[Step]:
    if isinstance(model, AtRevision):
        versions = versions_in(handle, model)
    else:
        versions = list_versions(handle, model.model)
    return steps_of(handle, versions, handle.records().card_or_default(model.model).metrics)


def _checked(handle: Handle, origins: list[MetricOrigin]) -> list[MetricOrigin]:
    """The origins; a notice names a version whose parent version this clone lacks: it may be older."""
    for origin in origins:
        if origin.previous is None and origin.version.parents:
            parents = ", ".join(origin.version.parents)
            handle.notice_once(
                f"this clone lacks version {parents}, which '{origin.version.reference}' was made from: "
                f"a value may be older ({UNSHALLOW if handle.git.is_shallow else 'git fetch --tags'})"
            )
    return origins
