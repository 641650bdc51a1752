"""The quick reader of plain TOML reads what `tomllib` reads, or says nothing."""

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import support.strategies as records
from hypothesis import example, given
from hypothesis import strategies as st

from regolo_git.records.config import new_config_text
from regolo_git.records.manifest import Manifest
from regolo_git.records.metadata import MetadataValue
from regolo_git.records.model_card import new_card_text
from regolo_git.records.toml_plain import read_plain
from regolo_git.records.toml_text import dump_document

MANIFEST = """format = 1
model = "nlp/sentiment"
version = "1.1"
parents = ["1.0", "prod-1.0"]

[artifact]
kind = "directory"
digest = "sha256:6f0c"
size = 90868376

[files]
"config.json" = { size = 612, sha256 = "ab" }
"a [b].bin" = { size = 0, sha256 = "cd" }

[metadata]
accuracy = 0.9622
loss = -1e-05
tuned = true
tags = []
mixed = [1, -2.5, "x, y", false]

[metadata.deep]
"a.b" = "ü"

[lineage.data]
corpus = "sha256:01"
"""
# Lines from which both plain documents and ones that are nearly so are made.
LINES = [
    'a = "x"', "a = 1", "b = -0", "b = 1.5", "b = 1e5", "b = 1E5", "b = 1_0", "b = 01", "b = +1", "b = 0x1", "b = inf",
    "b = nan", "b = 1.", "b = .5", "b = 1.e5", "b = 1e400", "b = 9223372036854775808", "b = 999999999999999999",
    "b = 1234567890123456789", "c = true", "c = True", "c = truefalse", "c=1", "c = 1 ", " c = 1", "c = 1 # x", "# x",
    "#\x7f", "#\t", "", "[t]", "[t.u]", "[t.u.v.w]", "[t.u.v.w.x]", "[[t]]", '["t"]', '["t".u]', "[ t ]", "[a]",
    "[a.b]", "[d]", "[d.e]", "[]", '[""]', 'd = { e = 1 }', "d = {}", "d = { }", "d = {  }", "d = { e = 1, e = 2 }",
    "d = { e = 1, }", "d = { e = 1,  }", "d = { e.f = 1 }", "d = {e = 1}", "d = { e = 1 } ", 'd = { "e" = "}" }',
    "d = { e = { f = 1 } }", "d = { 1 }", "d = [1]", "d = [1, 2]", "d = [1, ]", "d = [1,2]", "d = [ 1 ]", "d = [a = 1]",
    'd = ["]", "["]', "d = [[1]]", "d = [", "d = [1", "]", "d = {", 't = "\\n"', 't = "\t"', 't = "\x00"', 't = ""',
    "t = ''", 't = """x"""', 't = "a" "b"', 't = "a', '"" = 1', '"a" = 2', '"a b" = 2', "t.u = 1", "t = 2026-01-01",
    "é = 1", 't = "é\u2028\u0085"', 't = "\ud800"', "\ufeff", "a = 1\r", "\x0b", "t = 1 2", "t = --1", "- = 1", "1 = 1",
]  # fmt: skip


def read(text: str) -> dict[str, Any] | str:
    """What the standard library reads, or that it refuses."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return "refused"


def same(text: str) -> None:
    """Types and order count too: `1`, `1.0` and `True` are equal, and so are `0.0` and `-0.0`."""
    plain = read_plain(text)
    if plain is not None:
        assert repr(plain) == repr(read(text))


def test_an_ordinary_manifest_is_plain() -> None:
    assert repr(read_plain(MANIFEST)) == repr(tomllib.loads(MANIFEST))


@given(records.manifests())
def test_manifests_are_read_as_the_standard_library_reads_them(manifest: Manifest) -> None:
    same(manifest.to_text())


@given(records.metadata)
def test_metadata_is_read_as_the_standard_library_reads_it(metadata: dict[str, MetadataValue]) -> None:
    same(dump_document({"metadata": metadata}))


@given(st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["\n", "\n", "\r\n", ""]))
@example(["a = 1", "[a.b]"], "\n")
@example(["[t.u]", "[t]"], "\n")
@example(["[t]", "d = { e = 1 }", "[t.d.f]"], "\n")
def test_lines_in_any_order_are_read_alike_or_left(lines: list[str], end: str) -> None:
    same("".join(f"{line}\n" for line in lines[:-1]) + "".join(lines[-1:]) + end)


@given(st.integers(0, len(MANIFEST)), st.integers(0, 3), st.text('\n"[]{}=,. #\\\t\r\x00-+e0aé', max_size=3))
def test_a_manifest_changed_anywhere_is_read_alike_or_left(at: int, removed: int, added: str) -> None:
    same(MANIFEST[:at] + added + MANIFEST[at + removed :])


@pytest.mark.parametrize("line", LINES)
def test_every_line_by_itself(line: str) -> None:
    same(f"{line}\n")
    same(f"[x]\n{line}\n")


@pytest.mark.parametrize(
    "hostile",
    [
        lambda n: "a" * n,
        lambda n: '"' + "a" * n,
        lambda n: "a = [" + "1, " * n,
        lambda n: "a = [" + "1, " * n + "]x\n",
        lambda n: "a = { " + "b = 1, " * n + " }\n",
        lambda n: "[" + "a." * n + "]\n",
        lambda n: "#" + "x" * n,
        lambda n: "a = " + "1" * n,
    ],
)  # fmt: skip
def test_long_lines_are_given_up_or_read_in_one_pass(hostile: Callable[[int], str]) -> None:
    # A pass that is quadratic would take minutes.
    same(hostile(300_000))


def test_the_records_of_a_new_registry_are_plain() -> None:
    card = new_card_text(description="A model", zero_patch=True)
    for text in (new_config_text(branch="main", store_url=None), card):
        assert repr(read_plain(text)) == repr(tomllib.loads(text))
