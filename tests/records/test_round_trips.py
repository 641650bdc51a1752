"""Every record reads back as it was written, and has one text."""

import contextlib
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import support.strategies as records
from hypothesis import given
from hypothesis import strategies as st
from support.registry_fixtures import without_environments

from regolo_git.errors import IntegrityError, InvalidInput, RegoloError
from regolo_git.records.config import RegistryConfig, new_config_text
from regolo_git.records.digests import Digest
from regolo_git.records.document_edit import set_value, unset_value
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.environment import Promotion
from regolo_git.records.manifest import Lineage, Manifest
from regolo_git.records.metadata import MetadataValue, normalize_metadata
from regolo_git.records.model_card import ModelCard, new_card_text
from regolo_git.records.recipe import Recipe
from regolo_git.records.retired import RetiredEntry, RetiredList
from regolo_git.records.seal import seal_problem, sealed
from regolo_git.records.serving_block import ServingBlock
from regolo_git.records.store_format import StoreFormat
from regolo_git.records.toml_text import dump_document
from regolo_git.records.trailers import TagMessage

PIN = PinnedVersion("c" * 40, Digest("sha256", "a" * 64), 2)


@given(records.manifests())
def test_a_manifest_reads_back_as_it_was_written(manifest: Manifest) -> None:
    text = manifest.to_text()
    assert Manifest.parse(text) == manifest
    assert Manifest.parse(text.encode()).to_text() == text


@given(records.manifests())
def test_a_seal_stays_right_when_a_manifest_is_read_again(manifest: Manifest) -> None:
    made = sealed(manifest)
    again = Manifest.parse(made.to_text())
    assert seal_problem(again, required=True) is None
    assert (sealed(again), again.measurements) == (again, manifest.measurements)


@given(records.metadata)
def test_the_standard_library_reads_what_we_write(metadata: dict[str, MetadataValue]) -> None:
    assert tomllib.loads(dump_document({"metadata": metadata})).get("metadata", {}) == metadata


@given(records.manifests(), records.texts.filter(bool), records.scalars)
def test_unknown_keys_survive_a_rewrite(manifest: Manifest, key: str, value: str) -> None:
    text = dump_document({f"x-{key}": value}) + manifest.to_text() + dump_document({"x-table": {key: value}})
    read = Manifest.parse(text)
    assert read.unknown == {f"x-{key}": value, "x-table": {key: value}}
    assert Manifest.parse(read.to_text()) == read


def test_unknown_keys_of_the_tables_survive_too() -> None:
    text = '[artifact]\nkind = "file"\ndigest = "sha256:%s"\nsize = 1\nrecipe = "blake3:%s"\nmedia = "x"\n'
    body = 'format = 1\nmodel = "m"\nversion = "1.0"\n\n' + text % ("a" * 64, "b" * 64)
    body += '\n[lineage]\nrun = "42"\n'
    read = Manifest.parse(body)
    assert (read.artifact.unknown, read.lineage and read.lineage.unknown) == ({"media": "x"}, {"run": "42"})
    assert read.to_text() == body


def test_unknown_keys_of_a_listed_file_survive() -> None:
    text = (
        'format = 1\nmodel = "m"\nversion = "1.0"\n\n[artifact]\nkind = "directory"\n'
        f'digest = "sha256:{"a" * 64}"\nsize = 1\nrecipe = "blake3:{"b" * 64}"\n'
        f'\n[files]\n"a.bin" = {{ size = 1, sha256 = "{"c" * 64}", media = "x" }}\n'
    )
    assert Manifest.parse(text).to_text() == text


def test_unknown_keys_of_a_retired_list_survive_another_retirement() -> None:
    line = '{ when = 2026-11-23T14:00:00Z, who = "Ada <a@b>", reason = "wrong data", ticket = 7 }'
    text = f'format = 1\nnote = "x"\n\n[retired]\n"1.0" = {line}\n\n[later]\nkey = 1\n'
    entry = RetiredEntry("1.1", datetime(2026, 11, 24, tzinfo=UTC), "Bob <b@c>", "drift")
    assert RetiredList.parse(text).to_text() == text
    after = RetiredList.parse(text).with_entry(entry).to_text()
    assert (line in after, 'note = "x"' in after, "[later]" in after) == (True, True, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format = 1", "format = 2"),
        ("format = 1", "format = 0"),
        ("format = 1\n", ""),
        ('model = "m"', 'model = "M"'),
        ('version = "1.0"', 'version = "one"'),
        ("size = 1", "size = -1"),
        ("size = 1", "size = true"),
        ('kind = "file"', 'kind = "socket"'),
        ('kind = "file"', 'kind = "directory"'),
        ('kind = "file"', 'kind = "file"\nfile_count = 2'),
        ('kind = "file"', 'kind = "file"\npath = "../x"'),
        ('kind = "file"', 'kind = "file"\npath = ".git/hooks/post-checkout"'),
        ("sha256:", "md5:"),
        ("blake3:", "sha256:"),
    ],
)
def test_a_damaged_manifest_is_refused(old: str, new: str) -> None:
    text = (
        'format = 1\nmodel = "m"\nversion = "1.0"\n\n[artifact]\nkind = "file"\n'
        f'digest = "sha256:{"a" * 64}"\nsize = 1\nrecipe = "blake3:{"b" * 64}"\n'
    )
    Manifest.parse(text)
    with pytest.raises(IntegrityError):
        Manifest.parse(text.replace(old, new))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_hostile_text_is_an_error_of_ours_or_a_record(data: bytes) -> None:
    readers = (
        Manifest.parse, ModelCard.parse, RetiredList.parse, RegistryConfig.parse, StoreFormat.parse, Recipe.parse,
        lambda d: Promotion.parse(d, "environments/e/m.toml"), lambda d: Endpoint.parse(d, "endpoints/e.toml"),
    )  # fmt: skip
    for read in readers:
        with pytest.raises(RegoloError):
            read(data)
    TagMessage.parse(data.decode("utf-8", "replace"))


@given(records.recipes())
def test_a_recipe_reads_back_and_is_named_by_its_bytes(recipe: Recipe) -> None:
    data = recipe.to_bytes()
    read = Recipe.parse(data)
    assert read == recipe
    assert read.address == recipe.address


@given(records.recipes(), st.data())
def test_a_changed_recipe_is_refused(recipe: Recipe, data: st.DataObject) -> None:
    raw = bytearray(recipe.to_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(IntegrityError):
        assert Recipe.parse(bytes(raw)).address != recipe.address


@given(st.lists(st.tuples(records.versions, records.times, records.texts, records.texts), max_size=4))
def test_a_retired_list_reads_back_in_the_order_of_versions(entries: list[tuple[object, ...]]) -> None:
    retired = RetiredList()
    for version, when, who, reason in entries:
        retired = retired.with_entry(RetiredEntry(version.identity, when, who, reason))  # type: ignore[attr-defined, arg-type]
    assert RetiredList.parse(retired.to_text()) == retired


def test_an_endpoint_reads_back() -> None:
    endpoint = Endpoint("e", "m", "production", "local", {"1.0": 0.9, "1.1": 0.1}, {"1.0": PIN, "1.1": PIN})
    assert Endpoint.parse(endpoint.to_text(), "endpoints/e.toml") == endpoint
    with pytest.raises(IntegrityError):
        Endpoint.parse(endpoint.to_text(), "endpoints/other.toml")
    with pytest.raises(IntegrityError):
        Endpoint.parse(endpoint.to_text().replace("0.9", "0.8"), "endpoints/e.toml")


def test_a_promotion_reads_back_from_its_own_path_only() -> None:
    promotion = Promotion("team/m", "production", "1.1", "c" * 40, PIN.digest, 10)
    assert Promotion.parse(promotion.to_text(), "environments/production/team/m.toml") == promotion
    with pytest.raises(IntegrityError):
        Promotion.parse(promotion.to_text(), "environments/staging/team/m.toml")


def test_a_serving_block_reads_back() -> None:
    table = {
        "entry_point": "serve:load",
        "warmup": [{"inputs": [1.0]}],
        "config": {"k": 1},
        "idempotent": True,
    }
    block = ServingBlock.parse(table)
    assert ServingBlock.parse(block.to_mapping()) == block
    assert block.format == "python"
    for wrong in (
        {},
        {"format": "pickle"},
        {"format": "python"},
        {"entry_point": "os.system"},
        {"format": "onnx", "x": 1},
    ):
        with pytest.raises(InvalidInput):
            ServingBlock.parse(wrong)


def test_people_edit_the_config_and_their_comments_stay() -> None:
    text = (
        without_environments(new_config_text(branch="trunk", store_url=None))
        + "\n# ours\n[environments.production]\nreplicas = 3\n"
    )
    edited = set_value(text, "environments.production.replicas", 5)
    assert "# ours" in edited
    config = RegistryConfig.parse(edited)
    assert (config.branch, config.environment("production")) != ("main", None)
    assert config.environment_order() == ("production",)
    assert (
        set_value(
            unset_value(edited, "environments.production.replicas", keep_tables=True),
            "environments.production.replicas",
            5,
        )
        == edited
    )
    with pytest.raises(InvalidInput):
        set_value(text, "format.x", 1)


def test_an_environment_requires_only_earlier_ones() -> None:
    text = without_environments(new_config_text(branch="main", store_url=None))
    with pytest.raises(IntegrityError):
        RegistryConfig.parse(
            text + '[environments.production]\nrequires = ["staging"]\n[environments.staging]\n'
        )


def test_a_card_tells_what_is_better() -> None:
    text = (
        new_card_text(description="d", zero_patch=True)
        + '\n[metrics.loss]\ndirection = "lower"\nunit = "nats"\n'
    )
    card = ModelCard.parse(text)
    assert (card.description, card.zero_patch, card.metrics["loss"].direction) == ("d", True, "lower")
    with pytest.raises(IntegrityError):
        ModelCard.parse(text.replace('"lower"', '"down"'))


def deep(inner: object) -> object:
    for _ in range(12):
        inner = {"k": [inner]}
    return inner


awkward = st.text(st.sampled_from("a.[]{}=,\"'\\#\n\t\u2028\u0085é\x00"), max_size=150)
awkward_values = st.recursive(
    awkward | records.scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(awkward.filter(bool), inner, max_size=3)
        | inner.map(deep)
    ),
    max_leaves=8,
)


@given(
    records.manifests(),
    st.dictionaries(awkward.filter(bool), awkward_values, max_size=3),
    awkward,
    st.dictionaries(awkward, awkward, max_size=2),
)
def test_the_reader_reads_everything_that_the_writer_accepts(
    manifest: Manifest, metadata: dict[str, object], description: str, data: dict[str, str]
) -> None:
    with contextlib.suppress(InvalidInput):
        values = normalize_metadata(metadata)
        written = replace(manifest, metadata=values, description=description, lineage=Lineage(data=data))
        assert Manifest.parse(written.to_text()) == replace(
            written, lineage=Lineage(data=data) if data else written.lineage
        )


@given(awkward, awkward)
def test_a_retirement_with_any_reason_is_read(reason: str, who: str) -> None:
    entry = RetiredEntry("1.0", datetime(2026, 1, 2, tzinfo=UTC), who, reason)
    assert RetiredList.parse(RetiredList((entry,)).to_text()).entries == (entry,)
