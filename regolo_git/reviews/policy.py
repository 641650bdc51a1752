"""Changes of rules, in words: the configuration, model cards, signers, retired versions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from regolo_git.errors import RegoloError
from regolo_git.records.paths import (
    CONFIG_PATH,
    SIGNERS_PATH,
    model_of_card,
    model_of_evaluations,
    model_of_labels,
    model_of_retired,
)
from regolo_git.records.references import version_reference
from regolo_git.records.retired import RetiredList
from regolo_git.records.toml_text import TomlValue, inline_text, key_text, load_document
from regolo_git.registry.records_at import RecordsAt
from regolo_git.reviews.change_set import ChangeSet
from regolo_git.text.numbers import counted, few_of
from regolo_git.verdict.loosened import Loosened, RuleSet, loosened_rules

MOST_KEYS = 50
STORE_KEYS = (("store", "url"), ("store", "endpoint"))


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A key of a file of rules: its dotted name, and its values as text (None: it is not there)."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A file of rules that a change has changed: keys where it has keys, else words.

    `error` says why the file cannot be read after the change.
    """

    path: str
    keys: tuple[RuleChange, ...] = ()
    words: str = ""
    alert: str = ""
    error: str | None = None


def policy_changes(changes: ChangeSet) -> tuple[PolicyChange, ...]:
    """What a change does to rules, and to other files beside the manifests."""
    return tuple(_change(changes, path) for path in changes.others)


def loosened_by(changes: ChangeSet) -> tuple[Loosened, ...]:
    """The rules that a change loosens for what comes after it; a file that cannot be read loosens none."""
    models = [model for path in changes.others if (model := model_of_card(path)) is not None]
    before, after = (_rule_set(records, models) for records in (changes.before, changes.after))
    if after is None or before is None:
        return ()
    return tuple(loosened_rules(before, after))


def _rule_set(records: RecordsAt, models: list[str]) -> RuleSet | None:
    try:
        cards = {model: card for model in models if (card := records.card(model)) is not None}
        signers = records.data(SIGNERS_PATH)
        text = signers.decode("utf-8", "replace") if signers is not None else None
        return RuleSet(records.config(), cards, text)
    except RegoloError:
        return None


def _change(changes: ChangeSet, path: str) -> PolicyChange:
    if path == CONFIG_PATH or model_of_card(path) is not None:
        return _keys(changes, path)
    model = model_of_retired(path)
    if model is not None:
        return _retired(changes, path, model)
    model = model_of_evaluations(path)
    if model is not None:
        return _evaluated(changes, path, model)
    model = model_of_labels(path)
    if model is not None:
        return _labelled(changes, path, model)
    before, after = (_lines(records, path) for records in (changes.before, changes.after))
    return PolicyChange(path, words=_line_words(before, after))


def _evaluated(changes: ChangeSet, path: str, model: str) -> PolicyChange:
    try:
        after = changes.after.evaluations(model).entries
    except RegoloError as error:
        return PolicyChange(path, error=error.message)
    try:
        before = changes.before.evaluations(model).entries
    except RegoloError:
        before = ()
    added = [
        f"{version_reference(model, entry.version)} measured later: {', '.join(entry.metrics)}"
        for entry in after
        if entry not in before
    ]
    removed = [entry for entry in before if entry not in after]
    parts = [few_of(added[:MOST_KEYS], len(added))] if added else []
    parts += [f"{counted(len(removed), 'evaluation')} removed"] if removed else []
    return PolicyChange(path, words="; ".join(parts) or "changed")


def _labelled(changes: ChangeSet, path: str, model: str) -> PolicyChange:
    try:
        after = changes.after.labels(model).by_key
    except RegoloError as error:
        return PolicyChange(path, error=error.message)
    try:
        before = changes.before.labels(model).by_key
    except RegoloError:
        before = {}
    given = [
        f"{version_reference(model, label.version)}: {label.name}={label.value}"
        for key, label in after.items()
        if key not in before or before[key].value != label.value
    ]
    removed = [
        f"{version_reference(model, label.version)}: {label.name} removed"
        for key, label in before.items()
        if key not in after
    ]
    words = [*given, *removed]
    return PolicyChange(path, words=few_of(words[:MOST_KEYS], len(words)) if words else "changed")


def _line_words(before: set[str], after: set[str]) -> str:
    parts = [counted(len(after - before), "line") + " added"] if after - before else []
    parts += [counted(len(before - after), "line") + " removed"] if before - after else []
    return ", ".join(parts) or "changed"


def _lines(records: RecordsAt, path: str) -> set[str]:
    return set((records.data(path) or b"").decode("utf-8", "replace").split("\n")) - {""}


# -- files with keys --------------------------------------------------------------------------------------


def _keys(changes: ChangeSet, path: str) -> PolicyChange:
    try:
        before = _document(changes.before, path)
    except RegoloError:
        before = {}
    try:
        _check(changes.after, path)
        after = _document(changes.after, path)
    except RegoloError as error:
        return PolicyChange(path, error=error.message)
    if not before:
        return PolicyChange(path, words="new")
    keys = tuple(_changed_keys(before, after))
    words = "" if after else "removed"
    moved = [key for key in STORE_KEYS if before.get(key) != after.get(key)]
    alert = "another store is named; every clone confirms it before it is used" if moved else ""
    return PolicyChange(path, keys[:MOST_KEYS], _more(keys, words), alert)


def _more(keys: tuple[RuleChange, ...], words: str) -> str:
    return words or (f"and {len(keys) - MOST_KEYS} more keys" if len(keys) > MOST_KEYS else "")


def _check(records: RecordsAt, path: str) -> None:
    """Raises IntegrityError for a file that nobody could use after the merge."""
    model = model_of_card(path)
    if model is None:
        records.config()
    else:
        records.card(model)


def _changed_keys(
    before: Mapping[tuple[str, ...], TomlValue], after: Mapping[tuple[str, ...], TomlValue]
) -> Iterator[RuleChange]:
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old != new:
            yield RuleChange(".".join(map(key_text, path)), _value(old), _value(new))


def _value(value: "TomlValue | None") -> str | None:
    return None if value is None else inline_text(value)


def _document(records: RecordsAt, path: str) -> dict[tuple[str, ...], TomlValue]:
    data = records.data(path)
    return dict(_flat(load_document(data, f"'{path}'"))) if data is not None else {}


def _flat(
    table: Mapping[str, TomlValue], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], TomlValue]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*path, key))
        else:
            yield (*path, key), value


# -- others -----------------------------------------------------------------------------------------------


def _retired(changes: ChangeSet, path: str, model: str) -> PolicyChange:
    try:
        after = changes.after.retired(model)
    except RegoloError as error:
        return PolicyChange(path, error=error.message)
    try:
        before = changes.before.retired(model)
    except RegoloError:
        before = RetiredList()
    retired = [f"{each.version} ({each.reason})" for each in after.entries if not before.has(each.version)]
    restored = [each.version for each in before.entries if not after.has(each.version)]
    parts = [f"retires {', '.join(retired)}"] if retired else []
    parts += [f"no longer retires {', '.join(restored)}"] if restored else []
    return PolicyChange(path, words="; ".join(parts) or "changed")
