"""How the items of a streamed answer are written: as events, as text, or as JSON lines.

The caller's `Accept` decides: `text/event-stream` (server-sent events), `text/plain`, anything else for a
line of JSON for each item.  A text is sent as it is in the first two; any other value is written as JSON.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from regolo_git.serving.local.worker.http_protocol import header_values
from regolo_git.serving.local.worker.plain_answer import dump_answer

# Each of them ends a line of an event, so a text cannot begin another field or event.
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class ItemForm:
    """A media type, and an item as bytes; `encode` raises TypeError for values that JSON cannot hold."""

    media_type: bytes
    encode: Callable[[object], bytes]


def form_for(headers: Sequence[tuple[bytes, bytes]]) -> ItemForm:
    """The form that a caller accepts."""
    accepted = {
        kind.partition(b";")[0].strip().lower()
        for value in header_values(headers, b"accept")
        for kind in value.split(b",")
    }
    return next((form for form in (EVENTS, TEXT) if form.media_type in accepted), LINES)


def _event(item: object) -> bytes:
    lines = LINE_END.split(item) if isinstance(item, str) else [dump_answer(item).decode()]
    return "".join(f"data: {line}\n" for line in lines).encode(errors="replace") + b"\n"


def _text(item: object) -> bytes:
    return item.encode(errors="replace") if isinstance(item, str) else _line(item)


def _line(item: object) -> bytes:
    return dump_answer(item) + b"\n"


EVENTS: Final = ItemForm(b"text/event-stream", _event)
TEXT: Final = ItemForm(b"text/plain", _text)
LINES: Final = ItemForm(b"application/x-ndjson", _line)
