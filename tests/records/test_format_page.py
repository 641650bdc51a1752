"""The page on formats is normative: its vectors are read out of it and checked."""

import re
from pathlib import Path

import pytest
from support.places import DOCS, GOLDEN

from regolo_git.records.condemned_list import CondemnedList
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.evaluations import Evaluations
from regolo_git.records.labels import Labels
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.records.retired import RetiredList
from regolo_git.records.routing import NAMES as ROUTING_KEYS
from regolo_git.records.seal import seal_problem
from regolo_git.records.store_format import StoreFormat
from regolo_git.records.store_record import StoreRecord
from regolo_git.records.trailers import TagMessage
from regolo_git.store.packs.hints import PackHints
from regolo_git.store.packs.pack import pack_index, parse_index

PAGE = DOCS / "format.md"
VECTORS = re.findall(r"^```\w+ ([\w-]+)(?: (\S+))?\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def rewritten(kind: str, about: str, text: str) -> str:  # noqa: C901, PLR0911, PLR0912
    match kind:
        case "manifest":
            return Manifest.parse(text).to_text()
        case "evaluations":
            return Evaluations.parse(text).to_text()
        case "labels":
            return Labels.parse(text).to_text()
        case "retired":
            return RetiredList.parse(text).to_text()
        case "promotion":
            return Promotion.parse(text, about).to_text()
        case "endpoint":
            return Endpoint.parse(text, about).to_text()
        case "recipe":
            recipe = Recipe.parse(text.encode())
            assert str(recipe.address) == about
            return recipe.to_bytes().decode()
        case "store-format":
            return StoreFormat.parse(text).to_text()
        case "pack-index":
            return pack_index(parse_index(text.encode(), body=1 << 20)).decode()
        case "pack-hints":
            return PackHints.parse(text.encode()).to_bytes().decode()
        case "store-record":
            return StoreRecord.parse(text.encode()).to_bytes().decode()
        case "condemned-list":
            return CondemnedList.parse(text.encode()).to_bytes().decode()
        case "tag":
            message = TagMessage.parse(text)
            assert message is not None
            return message.to_text()
    raise AssertionError(f"unknown kind of vector '{kind}'")


@pytest.mark.parametrize(("kind", "about", "text"), VECTORS, ids=[vector[0] for vector in VECTORS])
def test_a_vector_is_read_and_written_back_the_same(kind: str, about: str, text: str) -> None:
    assert rewritten(kind, about, text) == text


@pytest.mark.parametrize(
    "text", [text for kind, _, text in VECTORS if kind == "manifest"], ids=["old", "new", "served"]
)
def test_the_seal_of_a_manifest_is_right(text: str) -> None:
    assert seal_problem(Manifest.parse(text), required=False) is None


def test_every_kind_has_a_vector() -> None:
    assert {kind for kind, _, _ in VECTORS} == {
        "manifest",
        "retired",
        "evaluations",
        "labels",
        "promotion",
        "endpoint",
        "recipe",
        "store-format",
        "pack-index",
        "pack-hints",
        "store-record",
        "condemned-list",
        "tag",
    }


def test_every_key_of_routing_is_named() -> None:
    assert [key for key in ROUTING_KEYS if f"`{key}`" not in PAGE.read_text()] == []


RECORDS = GOLDEN / "records"


@pytest.mark.parametrize("path", sorted(RECORDS.rglob("*.*")), ids=lambda path: path.name)
def test_golden_records_stay_readable(path: Path) -> None:
    kind, _, about = path.stem.partition("~")
    text = path.read_text()
    assert rewritten(kind, about.replace("+", "/").replace("=", ":"), text) == text
