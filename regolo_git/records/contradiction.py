"""A manifest beside the recipe that it names: do both speak of the same artifact?"""

from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe


def contradiction(artifact: Artifact, recipe: Recipe) -> str | None:
    """What a manifest says of its artifact that its recipe does not; None if both say the same."""
    if artifact.kind != recipe.kind:
        return f"the manifest records a {artifact.kind}, its recipe a {recipe.kind}"
    if artifact.size != recipe.size:
        return f"the manifest records {artifact.size} bytes, its recipe {recipe.size}"
    if artifact.digest.algorithm == recipe.artifact_digest.algorithm:
        same = artifact.digest == recipe.artifact_digest
        return None if same else "the manifest records another digest than its recipe"
    return "the manifest records a digest of another kind than its recipe"
