"""The description and the owner in a model's card, which people also edit: the rest of the file stays."""

from collections.abc import Mapping

from regolo_git.errors import Conflict, InvalidInput
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.branches import description_branch
from regolo_git.records.digests import blake3_hex
from regolo_git.records.model_card import ModelCard, new_card_text
from regolo_git.records.names import check_text
from regolo_git.records.paths import card_path
from regolo_git.records.toml_limits import check_text as check_encodable
from regolo_git.records.versions import Version
from regolo_git.registry.annotation import Annotated, commit_annotation
from regolo_git.registry.change import Prepare, action_message, recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import model_rows
from regolo_git.registry.records_at import RecordsAt

LENGTH = 4000  # characters of a description


def describe_model(
    handle: Handle,
    model: str,
    *,
    description: str | None = None,
    owner: str | None = None,
    message: str | None = None,
    propose: bool = False,
    push: bool | None = None,
) -> Annotated[ModelCard]:
    """Changes the description and the owner of a model, or removes one with an empty text; None leaves it.

    Returns the card as it is now.  Raises NotFound, InvalidInput without either or for a text that cannot be
    kept, Conflict if nothing would change or files have uncommitted changes, IntegrityError for a card that
    cannot be read.  `push`: see `destination`.
    """
    recover_first(handle)
    given = {"description": description, "owner": owner}
    changes = {key: _checked(key, value) for key, value in given.items() if value is not None}
    newest = model_rows(handle, model, newest=1)[0]
    if not changes:
        raise InvalidInput(
            "give a description or an owner", Hint("describe-model", model, "--description", "TEXT")
        )
    zero_patch = Version.parse(newest.version).patch_written
    prepare = _preparing(model, changes, message, zero_patch=zero_patch)
    mark = blake3_hex(repr(sorted(changes.items())).encode())[:8]
    proposal = description_branch(model, mark) if propose else None
    return commit_annotation(handle, prepare, model, proposal=proposal, push=push)


def _checked(key: str, text: str) -> str:
    checked = check_encodable(check_text(f"the {key}", text).strip(), [key])
    if len(checked) > LENGTH:
        raise InvalidInput(f"the {key} is longer than {LENGTH} characters")
    if any(not (c.isprintable() or (c == "\n" and key == "description")) for c in checked):
        raise InvalidInput(f"the {key} has a character that is not printable")
    return checked


def _preparing(
    model: str, changes: Mapping[str, str], message: str | None, *, zero_patch: bool
) -> Prepare[ModelCard]:
    from regolo_git.records.document_edit import set_value, unset_value  # noqa: PLC0415 - imports tomlkit

    subject = f"describe {model}: {' and '.join(changes)}"

    def prepare(records: RecordsAt) -> NewCommit[ModelCard]:
        card, data = records.card(model), records.data(card_path(model))
        before = new_card_text(description=None, zero_patch=zero_patch) if data is None else data.decode()
        text = before
        for key, value in changes.items():
            if card is not None and getattr(card, key) == (value or None):
                continue  # also of a text in another form
            text = set_value(text, key, value) if value else unset_value(text, key)
        if text == before:
            raise Conflict(f"model '{model}' already has this description and owner", Hint("show", model))
        said = action_message(message, subject, "describe", {})
        return NewCommit({card_path(model): text.encode()}, said, ModelCard.parse(text))

    return prepare
