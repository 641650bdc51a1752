"""What would cost the parser more than the text is long is refused before; nothing valid and modest is."""

import sys
import tomllib
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import IntegrityError
from regolo_git.records.document_edit import set_value, unset_value
from regolo_git.records.toml_scan import TOKENS, costly
from regolo_git.records.toml_text import TomlValue, dump_document, load_document

DOTS = ".".join("a" * 60)
QUOTED_BREAKS = ('"\u2028"', '"\u0085"', '"{"', '","', "'['", '"="', '"\\""', '"#"')

HOSTILE: dict[str, Callable[[int], str]] = {
    "a key of many parts": lambda n: ".".join("a" * n) + " = 1",
    "a header of many parts": lambda n: "[" + ".".join("a" * n) + "]",
    "an array header of many parts": lambda n: "[[" + ".".join("a" * n) + "]]",
    "a key of many parts in an inline table": lambda n: "x = { b = 1, " + ".".join("a" * n) + " = 1 }",
    "a key with white space around its dots": lambda n: " \t. ".join("a" * n) + " = 1",
    "many long keys": lambda n: "".join(f"{DOTS}.k{i} = 1\n" for i in range(n)),
    "many short keys below a long header": lambda n: f"[{DOTS}]\n" + "".join(f"{i}=1\n" for i in range(n)),
    "many long keys below a long header": lambda n: f"[{DOTS}]\n" + HOSTILE["many long keys"](n),
    "many long headers": lambda n: "".join(f"[{DOTS}.k{i}]\n" for i in range(n)),
    "long keys in inline tables": lambda n: "x = [" + f"{{ {DOTS} = 1 }}, " * n + "]",
    "long keys in one inline table": lambda n: "x = { " + ", ".join(f"{DOTS}.k{i} = 1" for i in range(n)) + " }",
    "nested arrays": lambda n: "a = " + "[" * n,
    "nested inline tables": lambda n: "a = " + "{ b = " * n,
    "one table again and again": lambda n: "[a]\n" * n,
    "an array of tables": lambda n: "[[a]]\nb = 1\n" * n,
    "tables out of order": lambda n: "".join(f"[a.k{i}]\n[b.k{i}]\n" for i in range(n)),
    "a text of escapes": lambda n: 'a = "' + "\\n" * n + '"',
    "lines of text": lambda n: 'a = """' + '""\\\n' * n + '"""',
    "texts that do not end": lambda n: 'a = """x\n' + "b = '''x\n" * n,
    "comments": lambda n: "# [[[{{{\n" * n,
    **{
        f"dots between {part!r}": lambda n, part=part: "[m]\n" + f"a.a.a.a.{part}." * n + "b = 1"  # type: ignore[misc]
        for part in QUOTED_BREAKS
    },
}  # fmt: skip


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python `work` runs: a measure of time that is the same on every machine."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with suppress(IntegrityError):
            work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_with_the_size_and_no_faster(kind: str) -> None:
    small, large = (HOSTILE[kind](n) for n in (150, 600))
    once = lines_run(lambda: load_document(small, "it"))
    assert lines_run(lambda: load_document(large, "it")) <= 1000 + 2 * once * len(large) / len(small)


@pytest.mark.parametrize("kind", HOSTILE)
def test_large_ones_are_read_or_refused_within_steps_for_each_character(kind: str) -> None:
    text = HOSTILE[kind](2000 if "long" not in kind else 400)
    assert lines_run(lambda: load_document(text, "it")) <= 60 * len(text) + 300_000


@pytest.mark.parametrize("part", QUOTED_BREAKS)
def test_a_long_key_is_refused_whatever_is_quoted_in_it(part: str) -> None:
    key = ".".join(["a.a.a.a", part] * 20)
    for text in (f"[m]\n{key} = 1", f"[{key}]\na = 1", f"x = {{ y = 1, {key} = 2 }}"):
        with pytest.raises(IntegrityError, match=r"^it has a key of more than 64 parts$"):
            load_document(text, "it")
        with pytest.raises(IntegrityError, match="more than 64 parts"):
            set_value(text, "a", 1)


@pytest.mark.parametrize(
    "text",
    [
        "# a line of a comment\n" * 4000,
        "".join(f"[a.k{i}]\n[b.k{i}]\n" for i in range(5000)),
        "".join(f"{'a.' * 20}k{i} = 1\n" for i in range(100)),
    ],
)
def test_a_file_is_edited_only_while_that_takes_little_time(text: str) -> None:
    assert load_document(text, "it") == tomllib.loads(text)
    with pytest.raises(IntegrityError, match=r"^the file is too large to change one key in it"):
        set_value(text, "b", 1)
    with pytest.raises(IntegrityError, match=r"^the file is too large to change one key in it"):
        unset_value(text, "b")


def test_a_text_that_does_not_end_is_looked_at_once() -> None:
    for quotes in ('"""', "'''"):
        assert len(TOKENS.findall("a = " + quotes + ("x" + quotes[0]) * 5000)) <= 3


@pytest.mark.parametrize(
    "text",
    [
        'a = """\n[1.2.3.4.' + "5." * 100 + ']\n"""',
        'a = """\n' + "x." * 100 + ' = 1\n"""',
        "a = '''\n" + "x." * 100 + "\n= 1'''",
        '"' + "x." * 100 + '" = 1',
        "['" + "x." * 100 + "']\na = 1",
        'a = "' + "[" * 100 + '"  # ' + "{." * 100,
        "a = [" + "1.5, " * 500 + "]",
        'a = { b = "' + "x.," * 100 + '", c = 1 }',
        'a = [""""[[[[""""", \'\'\'\'{{{{\'\'\', "\\"[[[[", [1.5]]',
        'a = """x\\""""\nb = [[1]]',
        ".".join("a" * 64) + " = 1",
        "[" + ".".join("a" * 64) + "]\nb = 1",
        "a = " + "[" * 64 + "]" * 64,
    ],
)
def test_dots_and_brackets_in_texts_count_for_nothing(text: str) -> None:
    assert load_document(text, "it") == tomllib.loads(text)


tables = st.recursive(
    st.text(max_size=12)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.dictionaries(st.text(st.sampled_from("a.\"'[]{}=,#\\\n\u2028\u0085"), max_size=90), tables, max_size=5)
)
def test_our_own_documents_are_never_costly(document: dict[str, TomlValue]) -> None:
    document = {key: value for key, value in document.items() if "\ud800" not in repr(value)}
    with suppress(UnicodeEncodeError):
        text = dump_document(document)
        assert costly(text) is None
        assert load_document(text, "it") == document


@given(st.text(st.sampled_from("ab1.=,[]{}\"'\\#\n \u2028"), max_size=120))
def test_documents_that_the_standard_library_reads_are_read(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        with pytest.raises(IntegrityError):
            load_document(text, "it")
        return
    assert load_document(text, "it") == expected


def test_a_modest_document_by_hand_is_read() -> None:
    lines = [f"[tool.part{i}.inner.more]\nkey{j}.a.b.c.d = {j}\n" for i in range(40) for j in [i]]
    wide = "x = { " + ", ".join(f"k{i}.a.b = {i}" for i in range(300)) + " }\n"
    assert load_document(wide + "".join(lines), "it")
