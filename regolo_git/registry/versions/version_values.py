"""A version as plain values: with what its tag says alone, or with its manifest."""

from typing import TYPE_CHECKING

from regolo_git.text.json_values import Plain, plain

if TYPE_CHECKING:
    from regolo_git.registry.versions.model_version import ModelVersion


def summary_of(version: "ModelVersion") -> Plain:
    """What is known without the manifest, which takes much longer to read."""
    retired = version.retirement
    return {
        "model": version.model_id,
        "version": version.version,
        "reference": version.reference,
        "status": version.status,
        "merged": version.merged,
        "current": version.current,
        "environments": list(version.environments),
        "endpoints": dict(version.endpoints),
        "retired": retired.to_dict() if retired is not None else None,
        "labels": dict(version.labels),
        "size": version.size_bytes,
        "created_at": plain(version.created_at),
        "created_by": version.created_by,
        "digest": version.digest,
        "commit": version.commit,
        "tag": version.tag,
        "message": version.message,
    }


def values_of(version: "ModelVersion") -> Plain:
    """The same with what the manifest says, and what was measured later."""
    manifest, artifact = version.manifest, version.manifest.artifact
    lineage, serving = manifest.lineage, manifest.serving
    return summary_of(version) | {
        "description": manifest.description,
        "kind": artifact.kind,
        "path": artifact.path,
        "file_name": artifact.file_name,
        "recipe": str(artifact.recipe),
        "build": manifest.build,
        "parents": list(manifest.parents),
        "metrics": dict(version.metrics),
        "measurements": {name: plain(held.to_dict()) for name, held in version.measurements.items()},
        "measured_later": sorted(name for name, held in version.measured.items() if held.evaluation),
        "evaluations": [entry.to_dict() for entry in version.evaluations],
        "metadata": plain(version.metadata),
        "lineage": lineage.to_dict() if lineage is not None else None,
        "serving": plain(serving),
        "files": {
            path: {"size": entry.size, "digest": str(entry.digest)} for path, entry in version.files.items()
        },
    }
