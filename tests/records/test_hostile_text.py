"""Text from others (a pull request, a hand, a broken disk): read, or refused by one of our own errors."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.places import GOLDEN

from regolo_git.errors import RegoloError
from regolo_git.git.tag_columns import columns_of
from regolo_git.git.tag_objects import parse_tag_object
from regolo_git.records.config import RegistryConfig
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.evaluations import Evaluations
from regolo_git.records.labels import Labels
from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.recipe import Recipe
from regolo_git.records.references import Reference
from regolo_git.records.retired import RetiredList
from regolo_git.records.store_format import StoreFormat
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, parse_tag_name
from regolo_git.store.packs.hints import PackHints
from regolo_git.store.packs.pack import parse_index

RECORDS = GOLDEN / "records"
TAG = b"object %b\ntype commit\ntag m@v1.0\ntagger A <a@b> 1700000000 +0000\n\n" % (b"a" * 40)


def golden(start: str) -> bytes:
    (path,) = RECORDS.glob(f"{start}*")
    return path.read_bytes()


CONFIG = b'format = 1\n\n[registry]\nbranch = "main"\n\n[store]\ndigest = "sha256"\n\n[environments.staging]\nreplicas = 2\n'
CARD = b'format = 1\nzero_patch = true\n\n[metrics.accuracy]\ndirection = "higher"\n'
STORE = StoreFormat().to_text().encode()

BYTES: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "manifest": (Manifest.parse, golden("manifest.")),
    "sealed manifest": (Manifest.parse, golden("manifest~sealed")),
    "evaluations": (Evaluations.parse, golden("evaluations")),
    "labels": (Labels.parse, golden("labels")),
    "retired list": (RetiredList.parse, golden("retired")),
    "promotion": (
        lambda data: Promotion.parse(data, "environments/production/sentiment-classifier.toml"),
        golden("promotion"),
    ),
    "endpoint": (
        lambda data: Endpoint.parse(data, "endpoints/sentiment.toml"),
        golden("endpoint~endpoints+sentiment"),
    ),
    "endpoint with a canary": (
        lambda data: Endpoint.parse(data, "endpoints/search.toml"),
        golden("endpoint~endpoints+search"),
    ),
    "recipe": (Recipe.parse, golden("recipe")),
    "configuration": (RegistryConfig.parse, CONFIG),
    "model card": (ModelCard.parse, CARD),
    "store format": (StoreFormat.parse, STORE),
    "store format 2": (StoreFormat.parse, golden("store-format")),
    "index of a pack": (lambda data: parse_index(data, 1 << 20), golden("pack-index")),
    "hints": (PackHints.parse, golden("pack-hints")),
    "tag": (lambda data: columns_of(parse_tag_object(data)), TAG + golden("tag")),
}
TEXT: dict[str, Callable[[str], object]] = {
    "version": Version.parse,
    "reference": Reference.parse,
    "digest": Digest.parse,
    "tag name": parse_tag_name,
    "trailers": TagMessage.parse,
}


def read_or_refused(parse: Callable[[bytes], object] | Callable[[str], object], data: object) -> None:
    with suppress(RegoloError):
        parse(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", BYTES)
def test_the_sample_itself_is_read(kind: str) -> None:
    parse, sample = BYTES[kind]
    parse(sample)


@pytest.mark.parametrize("kind", BYTES)
@given(noise=st.binary(max_size=300))
def test_noise_is_refused(kind: str, noise: bytes) -> None:
    read_or_refused(BYTES[kind][0], noise)


@pytest.mark.parametrize("kind", BYTES)
@given(data=st.data())
def test_a_changed_record_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    parse, sample = BYTES[kind]
    start = data.draw(st.integers(0, len(sample)))
    stop = data.draw(st.integers(start, min(len(sample), start + 40)))
    put = data.draw(
        st.binary(max_size=8)
        | st.sampled_from(
            [b"9" * 4400, b"[" * 3000, b"nan", b'""', b"{}", b"-1", b"1e999", b"\x00", b"'''", b"true"]
        )
    )
    read_or_refused(parse, sample[:start] + put + sample[stop:])


@pytest.mark.parametrize("kind", BYTES)
@given(data=st.data())
def test_lines_in_any_order_and_number_are_read_or_refused(kind: str, data: st.DataObject) -> None:
    parse, sample = BYTES[kind]
    lines = sample.splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=len(lines) + 3))
    read_or_refused(parse, b"".join(chosen))


@pytest.mark.parametrize("kind", TEXT)
@given(text=st.text(max_size=200) | st.from_regex(r"[a-z0-9@v.+\-/:~^]{0,60}", fullmatch=True))
def test_any_word_is_read_or_refused(kind: str, text: str) -> None:
    read_or_refused(TEXT[kind], text)


@pytest.mark.parametrize("kind", sorted(BYTES.keys() - {"tag"}))
def test_a_record_made_to_cost_is_refused(kind: str) -> None:
    parse, _ = BYTES[kind]
    began = time.process_time()
    for data in (
        b"[" * 100_000,
        b"a = " + b"[" * 100_000,
        b"a." * 50_000 + b"a = 1",
        b"a = " + b"9" * 100_000,
    ):
        with pytest.raises(RegoloError):
            parse(data)
    assert time.process_time() - began < 2  # tomllib alone takes minutes
