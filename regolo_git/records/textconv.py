"""A record as flat lines, one for each value, for `git diff` and `git log -p`."""

from collections.abc import Iterator, Mapping

from regolo_git.records.toml_text import Table, TomlValue, inline_text, key_text, load_document


def record_lines(text: str) -> list[str]:
    """`metrics.accuracy = 0.912 (n = 2000)` and so on.  Raises IntegrityError if it is not valid TOML."""
    return list(_lines(load_document(text, "the record"), ()))


def _lines(table: Table, path: tuple[str, ...]) -> Iterator[str]:
    for key, value in table.items():
        place = (*path, key)
        if isinstance(value, Mapping) and value and not _is_measurement(value, place):
            yield from _lines(value, place)
        else:
            yield f"{'.'.join(map(key_text, place))} = {_value_text(value, place)}"


def _value_text(value: TomlValue, place: tuple[str, ...]) -> str:
    if not isinstance(value, Mapping) or not _is_measurement(value, place):
        return inline_text(value)
    others = [f"{key} = {inline_text(held)}" for key, held in value.items() if key != "value"]
    return inline_text(value["value"]) + (f" ({', '.join(others)})" if others else "")


def _is_measurement(value: Table, place: tuple[str, ...]) -> bool:
    return place[0] == "metrics" and "value" in value
