"""Arguments of the API as the values that the registry takes, each checked."""

from collections.abc import Mapping, Sequence

from regolo_git.errors import InvalidInput
from regolo_git.records.manifest import Lineage
from regolo_git.records.names import check_model_name, check_text
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import AtRevision
from regolo_git.registry.notices import warn
from regolo_git.registry.versions.given_values import with_parameters
from regolo_git.text.printable import printable


def lineage_with(lineage: Lineage | None, params: Mapping[str, object] | None) -> Lineage | None:
    return with_parameters(lineage, params, warn) if params is not None else lineage


def texts(patterns: Sequence[str]) -> tuple[str, ...]:
    """Several patterns, or one, which would be taken as a sequence of letters."""
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def at_revision(model_id: str, rev: str) -> AtRevision:
    """The model at a revision, both checked."""
    model = check_model_name(check_text("the name of a model", model_id))
    return AtRevision(check_text("a revision", rev), model)


def reference_to(model_id: str, version: str) -> Reference:
    """The reference to a version of a model.  Raises InvalidInput if the model is a whole reference."""
    model, selector = check_text("the name of a model", model_id), check_text("a version", version)
    name, at, inner = model.partition("@")
    if at:
        raise InvalidInput(f"'{printable(model)}' is a version, not a model", f'pass "{name}" and "{inner}"')
    return Reference.select(model, selector)


def reference_or_latest(model_id: str, version: str) -> Reference:
    """The same, or the one that `model_id` is, if `version` is left at "latest"."""
    model = check_text("the name of a model", model_id)
    return Reference.parse(model) if "@" in model and version == "latest" else reference_to(model, version)
