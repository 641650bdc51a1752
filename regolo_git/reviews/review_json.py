"""A review as plain values: mappings, lists, text and numbers."""

from collections.abc import Mapping

from regolo_git.hints import on_command_line
from regolo_git.records.manifest import Manifest
from regolo_git.registry.versions.new_bytes import NewBytes
from regolo_git.reviews.model_review import ModelReview
from regolo_git.reviews.places import PlaceChange
from regolo_git.reviews.policy import PolicyChange
from regolo_git.reviews.reviewed_change import ReviewedChange
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.tensors import TensorComparison

Json = Mapping[str, object]


def review_json(review: ReviewedChange) -> Json:
    """The review; keys are only ever added."""
    change = review.range
    return {
        "base": change.base,
        "head": change.head,
        "began": change.fork,
        "verdict": review.verdict,
        "exit_code": review.exit_code(),
        "findings": [
            {"path": path, "what": each.what, "exit_code": each.exit_code, "hint": on_command_line(each.hint)}
            for path, each in review.findings
        ],
        "models": [_model(model) for model in review.models],
        "environments": [_place(place) for place in review.environments],
        "endpoints": [_place(place) for place in review.endpoints],
        "rules": [_policy(policy) for policy in review.policy],
        "loosened": [
            {"path": each.path, "key": each.key, "before": each.before, "after": each.after}
            for each in review.loosened
        ],
    }


def _model(review: ModelReview) -> Json:
    change, comparison = review.change, review.comparison
    return {
        "model": review.model,
        "before": _version(change.before),
        "after": _version(change.after),
        "between": list(change.between),
        "remarks": list(review.remarks),
        "gates": [_gate(gate) for gate in review.gates],
        "later_gates": [_gate(gate) for gate in review.later],
        "metrics": dict(comparison.metrics) if comparison is not None else {},
        "history": {name: list(values) for name, values in review.history.items()},
        "same_content": comparison.same_content if comparison is not None else None,
        "metadata": [
            {"name": each.key, "a": each.before, "b": each.after}
            for each in (comparison.metadata if comparison is not None else ())
        ],
        "files": [
            {"path": each.path, "change": each.kind, "size_a": each.size_before, "size_b": each.size_after}
            for each in (comparison.files if comparison is not None else ())
        ],
        "tensors": _tensors(comparison.tensors if comparison is not None else None),
        "interfaces": review.interfaces.to_list(),
        "pickles": [
            {
                "file": each.file,
                "name": str(each.asked),
                "class": each.kind.value,
                "before": each.before,
                "after": each.after,
            }
            for each in review.pickles.names
        ],
        "unread_pickles": list(review.pickles.unread),
        "store": _store(review.store),
        "suggested_version": review.number.version if review.number is not None else None,
    }


def _version(manifest: Manifest | None) -> Json | None:
    if manifest is None:
        return None
    artifact = manifest.artifact
    return {"version": manifest.version, "digest": str(artifact.digest), "size": artifact.size}


def _gate(gate: GateResult) -> Json:
    return {
        "name": gate.name,
        "environment": gate.environment,
        "rule": gate.rule,
        "state": gate.state,
        "reason": gate.reason,
        "way_out": on_command_line(gate.way_out),
    }


def _tensors(tensors: TensorComparison | None) -> Json | None:
    if tensors is None:
        return None
    changes = [
        {
            "name": each.label,
            "change": each.kind,
            "a": _tensor(each.before.dtype, each.before.shape) if each.before is not None else None,
            "b": _tensor(each.after.dtype, each.after.shape) if each.after is not None else None,
        }
        for each in tensors.changes
    ]
    return {"unchanged": tensors.unchanged, "changes": changes}


def _tensor(dtype: str, shape: tuple[int, ...]) -> Json:
    return {"dtype": dtype, "shape": list(shape)}


def _store(store: NewBytes | None) -> Json | None:
    if store is None:
        return None
    return {"new_chunks": store.chunks, "new_bytes": store.size, "exact": store.exact}


def _place(place: PlaceChange) -> Json:
    return {
        "name": place.name,
        "model": place.model,
        "before": place.before,
        "after": place.after,
        "words": place.words,
        "error": place.error,
    }


def _policy(policy: PolicyChange) -> Json:
    return {
        "path": policy.path,
        "keys": [{"key": each.key, "before": each.before, "after": each.after} for each in policy.keys],
        "words": policy.words,
        "error": policy.error,
    }
