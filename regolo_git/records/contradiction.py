"""Whether a manifest and the recipe that it names describe the same artifact."""

from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe


def contradiction(artifact: Artifact, recipe: Recipe) -> str | None:
    """How a manifest disagrees with its recipe about the artifact; None if they agree."""
    if artifact.kind != recipe.kind:
        return f"the manifest records a {artifact.kind}, its recipe a {recipe.kind}"
    if artifact.size != recipe.size:
        return f"the manifest records {artifact.size} bytes, its recipe {recipe.size}"
    if artifact.digest.algorithm == recipe.artifact_digest.algorithm:
        same = artifact.digest == recipe.artifact_digest
        return None if same else "the manifest records another digest than its recipe"
    return "the manifest records a digest of another kind than its recipe"
