"""The review of a change before it is merged: what it does to models, environments, endpoints and rules.

It reads objects of Git and of the stores and nothing else: no work tree, no checkout, and nothing of the
change is executed.  Gates, directions and tolerances are those of the base.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from regolo_git.errors import RegoloError
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.new_bytes import Asked, Key, NewBytes, new_bytes
from regolo_git.reviews.change_range import ChangeRange, change_between, change_of
from regolo_git.reviews.change_set import ChangeSet, ModelChange, collect_changes
from regolo_git.reviews.document import Document
from regolo_git.reviews.document_html import document_to_fragment, document_to_html
from regolo_git.reviews.document_markdown import MOST_CHARACTERS, document_to_markdown
from regolo_git.reviews.findings import Finding
from regolo_git.reviews.model_review import ModelReview, fetch_history, review_model
from regolo_git.reviews.places import endpoint_changes, promotion_changes
from regolo_git.reviews.policy import loosened_by, policy_changes
from regolo_git.reviews.review_json import review_json
from regolo_git.reviews.review_page import review_document
from regolo_git.reviews.reviewed_change import ReviewedChange
from regolo_git.text.numbers import counted


class Review(ReviewedChange):
    """A reviewed change, and its rendering as Markdown, HTML and plain values."""

    @property
    def document(self) -> Document:
        """The review as a document, for any writer."""
        return review_document(self)

    def to_markdown(self, max_chars: int = MOST_CHARACTERS) -> str:
        """The review as the Markdown of a comment, of at most `max_chars` characters.

        What does not fit is left out: gates and removed or reshaped tensors last.  Raises InvalidInput for a
        limit that nothing fits.
        """
        return document_to_markdown(self.document, max_chars)

    def to_html(self) -> str:
        """The review as a self-contained HTML page, with everything in it."""
        return document_to_html(self.document)

    def to_dict(self) -> Mapping[str, object]:
        """The review as plain values, for JSON."""
        return review_json(self)

    def __repr__(self) -> str:
        return f"<Review of {counted(len(self.models), 'model')}: {self.verdict}>"

    def _repr_html_(self) -> str:
        return document_to_fragment(self.document)


def review_change(handle: Handle, change: ChangeRange) -> Review:
    """Reviews a change.  Raises NotFound if this clone lacks objects of it."""
    changes = collect_changes(handle, change)
    fetch_history(handle, (each.model for each in changes.models))
    models = [_reviewed(handle, changes, each) for each in changes.models]
    return Review(
        range=change,
        models=tuple(_with_store(handle, models)),
        environments=promotion_changes(handle, changes),
        endpoints=endpoint_changes(changes),
        policy=policy_changes(changes),
        loosened=loosened_by(changes),
    )


def review_text(handle: Handle, text: str) -> Review:
    """Reviews what `BASE..HEAD`, `MODEL@VERSION` or a revision names.  Raises InvalidInput, NotFound."""
    return review_change(handle, change_of(handle, text))


def review_between(handle: Handle, base: str, head: str) -> Review:
    """Reviews the change that merging `head` into `base` would bring.  Raises NotFound."""
    return review_change(handle, change_between(handle, base, head))


def _reviewed(handle: Handle, changes: ChangeSet, change: ModelChange) -> ModelReview:
    """The review of one model; what is damaged or missing around it is found, and the others go on."""
    try:
        return review_model(handle, changes, change)
    except RegoloError as error:
        return ModelReview(change, (Finding.of(error),))


def _with_store(handle: Handle, models: list[ModelReview]) -> list[ModelReview]:
    """The reviews with what each version adds to the store."""
    asked = {
        model.model: Asked(new, [old] if old is not None else [])
        for model in models
        for old, new in [model.recipes]
        if new is not None
    }
    found: dict[str, NewBytes] = new_bytes(handle, asked, {key for model in models for key in _own(model)})
    return [replace(model, store=found.get(model.model)) for model in models]


def _own(model: ModelReview) -> Iterator[Key]:
    """The versions that the change itself brings."""
    for version in (*model.change.between, *([model.change.after.version] if model.change.after else [])):
        yield model.model, Version.parse(version).identity
