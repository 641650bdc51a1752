"""The names of the branches on which something waits for a review."""

from regolo_git.records.references import version_reference


def proposal_branch(model: str, version: str, environment: str | None = None) -> str:
    """The branch that proposes a version, or its promotion to an environment."""
    place = f"{environment}/" if environment is not None else ""
    return f"propose/{place}{version_reference(model, version)}"
