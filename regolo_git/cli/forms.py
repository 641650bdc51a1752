"""The three output forms: a page for people, `--json` for programs, and `--plain` for the shell.

A command passes a function for each form, and `emit` calls one of them and prints the result.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Literal, TypeAlias

import click

from regolo_git.cli.options.one_value import one_value
from regolo_git.cli.streams import may_page, put
from regolo_git.errors import InvalidInput
from regolo_git.text.json_values import plain
from regolo_git.text.printable import in_json, one_line
from regolo_git.text.times import utc_time

Form = Literal["people", "json", "plain"]
Json: TypeAlias = (
    "bool | int | float | str | datetime | date | time | Sequence[Json] | Mapping[str, Json] | None"
)


json_option = click.option("as_json", "--json", is_flag=True, help="Print one JSON document.")
plain_option = click.option("as_plain", "--plain", is_flag=True, help="Print tab-separated lines, no header.")


def chosen_form(as_json: bool, as_plain: bool) -> Form:
    """The form that the options select.  Raises InvalidInput if both are given."""
    if as_json and as_plain:
        raise InvalidInput("--json and --plain cannot be used together")
    return "json" if as_json else "plain" if as_plain else "people"


# For a command that prints more than one line; it receives the form as its argument `form`.
form_options = one_value("form", chosen_form, json_option, plain_option)


def emit(
    form: Form,
    *,
    document: Callable[[], Json],
    fields: Callable[[], Iterable[Sequence[object]]],
    page: Callable[[], None],
    long: bool = True,
) -> None:
    """Prints a result: `document` as JSON, `fields` as tab-separated lines, or the page for people.

    The page is shown in the pager if it does not fit on the terminal, unless it is not `long`.
    """
    if form == "json":
        put_json(document())
    elif form == "plain":
        for line in fields():
            put("\t".join(plain_text(value) for value in line))
    elif long and may_page():
        from regolo_git.cli.pager import paged  # noqa: PLC0415 - only a terminal needs it

        with paged():
            page()
    else:
        page()


def put_result(line: str | None, document: Json, *, as_json: bool) -> None:
    """Prints the result of a command that changes something: one line (None: nothing), or a document."""
    if as_json:
        put_json(document)
    elif line is not None:
        put(line)


def put_json(document: Json) -> None:
    """One JSON document: UTF-8, times in UTC, control characters as escapes."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=plain)
    put(in_json(text))


def plain_text(value: object) -> str:
    """A value as one tab-separated field; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return utc_time(value)
    return one_line(str(value))


def flat(value: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    """Flattens to dotted names and scalars: one pair for each element of a list, none for None."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for element in value:
            yield from flat(element, name)
    elif value is not None:
        yield name, value
