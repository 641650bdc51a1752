"""How items of a streamed answer are written."""

import pytest

from regolo_git.serving.local.worker.item_form import EVENTS, LINES, TEXT, form_for


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ([], LINES),
        ([b"*/*"], LINES),
        ([b"application/json, text/event-stream"], EVENTS),
        ([b"Text/Plain; charset=utf-8"], TEXT),
        ([b"application/json", b"text/event-stream;q=0.5"], EVENTS),
        ([b"\xff, ,;"], LINES),
    ],
    ids=range(6),
)
def test_the_accepted_types_choose(accept: list[bytes], form: object) -> None:
    assert form_for([(b"accept", value) for value in accept]) is form


def test_no_text_begins_another_field_or_event() -> None:
    assert EVENTS.encode("a\rid: 1\n\nevent: x\r\n") == (
        b"data: a\ndata: id: 1\ndata: \ndata: event: x\ndata: \n\n"
    )


def test_values_are_json_in_every_form() -> None:
    assert EVENTS.encode({"a": float("nan")}) == b'data: {"a":null}\n\n'
    assert TEXT.encode(1.5) == LINES.encode(1.5) == b"1.5\n"
    assert (TEXT.encode("a\n"), LINES.encode("a\n")) == (b"a\n", b'"a\\n"\n')
    assert TEXT.encode("\ud800") == b"?"
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        LINES.encode(object())
