"""The three-way merge of records by key."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
import support.strategies as records
from hypothesis import given, settings
from hypothesis import strategies as st

from regolo_git.errors import IntegrityError
from regolo_git.records.digests import Digest
from regolo_git.records.evaluations import Evaluation, Evaluations
from regolo_git.records.labels import Label, Labels
from regolo_git.records.manifest import Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.merge import Merged, merge_records
from regolo_git.records.retired import RetiredList
from regolo_git.records.seal import sealed
from regolo_git.records.toml_statements import Unmergeable, read_statements
from regolo_git.records.toml_text import dump_document, load_document

CARD = "models/m/model.toml"
MANIFEST = "models/m/manifest.toml"
ENDPOINT = "endpoints/e.toml"


def merge(base: str, ours: str, theirs: str, path: str = CARD) -> Merged:
    return merge_records(path, base, ours, theirs)


# -- people's files -----------------------------------------------------------------------------------------

BASE = """\
format = 1
description = "a model"  # what it does

# Who answers for it.
owner = "ada"

[metrics.accuracy]
direction = "higher"
"""


def test_each_side_changes_another_key() -> None:
    ours = BASE.replace('"ada"', '"grace"')
    theirs = BASE.replace('"a model"', '"a good model"')
    merged = merge(BASE, ours, theirs)
    assert merged == Merged(ours.replace('"a model"', '"a good model"'), 0)


def test_keys_on_neighbouring_lines_do_not_conflict() -> None:
    base = "a = 1\nb = 2\n"
    assert merge(base, "a = 9\nb = 2\n", "a = 1\nb = 8\n") == Merged("a = 9\nb = 8\n", 0)


def test_both_add_tables_and_comments_stay() -> None:
    ours = BASE + "\n# Ours.\n[gates.accuracy]\nmin = 0.9\n"
    theirs = BASE + "\n[gates.loss]  # theirs\nmax = 1\n"
    merged = merge(BASE, ours, theirs)
    assert merged.conflicts == 0
    for line in ("# Who answers for it.", "# what it does", "# Ours.", "[gates.loss]  # theirs", "min = 0.9"):
        assert line in merged.text
    assert set(load_document(merged.text, "x")["gates"]) == {"accuracy", "loss"}


def test_a_comment_of_one_side_and_a_value_of_the_other() -> None:
    ours = BASE.replace("# Who answers for it.", "# Ask her.")
    theirs = BASE.replace('"ada"', '"grace"')
    assert merge(BASE, ours, theirs).text == ours.replace('"ada"', '"grace"')


def test_the_same_key_differently_is_a_conflict_of_that_key_alone() -> None:
    merged = merge("a = 1\nb = 2\nc = 3\n", "a = 9\nb = 5\nc = 3\n", "a = 1\nb = 6\nc = 7\n")
    assert merged.text == "a = 9\n<<<<<<< ours\nb = 5\n=======\nb = 6\n>>>>>>> theirs\nc = 7\n"
    assert merged.conflicts == 1


def test_markers_have_the_length_that_git_asks_for() -> None:
    merged = merge_records(CARD, "a = 1\n", "a = 2\n", "a = 3\n", marker_size=12)
    assert merged.text.splitlines()[0] == f"{'<' * 12} ours"


def test_removed_by_one_side() -> None:
    base = "a = 1\nb = 2\n[t]\nc = 1\n"
    assert merge(base, "a = 1\nb = 2\n", "a = 1\nb = 3\n[t]\nc = 1\n") == Merged("a = 1\nb = 3\n", 0)
    assert merge(base, "a = 1\nb = 2\n", "a = 1\nb = 2\n[t]\nc = 2\n").conflicts == 1


def test_a_merge_that_is_not_a_valid_document_is_a_conflict() -> None:
    merged = merge("a = 1\n", "a = 1\nb = { c = 1 }\n", "a = 1\n[b]\nd = 2\n")
    assert merged.conflicts == 1
    assert "b = { c = 1 }" in merged.text
    assert "[b]" in merged.text


def test_values_over_several_lines_move_whole() -> None:
    base = 'a = [\n  1, # one\n  2,\n]\nb = """\nx\n= y\n"""\n'
    ours = base.replace("= y", "= z")
    theirs = base.replace("1, # one", "7,")
    assert merge(base, ours, theirs).text == theirs.replace("= y", "= z")


@pytest.mark.parametrize("text", ["[[a]]\nb = 1\n[[a]]\nb = 2\n", "[a]\nb = 1\n[[a.c]]\n"])
def test_arrays_of_tables_are_left_to_git(text: str) -> None:
    with pytest.raises(Unmergeable):
        merge(text, text + "x = 1\n", text + "y = 1\n")


# -- manifests ----------------------------------------------------------------------------------------------

SEALED = """\
format = 1
model = "m"
version = "{version}"
parents = ["{parent}"]
seal = "blake3:{seal}"

[artifact]
digest = "sha256:{digest}"
size = 1

[metrics]
accuracy = {accuracy}
{more}
[metadata]
note = "{note}"
"""


def manifest(version: str, note: str = "x", **values: object) -> str:
    given = {"parent": "1.0", "seal": version * 3, "digest": version, "accuracy": 0.9, "more": ""} | values
    return SEALED.format(version=version, note=note, **given)


def conflicting_keys(merged: Merged) -> set[str]:
    keys, inside = set(), False
    for line in merged.text.splitlines():
        inside = line.startswith("<<<<<<<") or (inside and not line.startswith(">>>>>>>"))
        if inside and "=" in line and not line.startswith(("<", "=", ">")):
            keys.add(line.partition(" =")[0])
    return keys


def test_two_proposals_of_one_version_conflict_on_all_that_is_sealed() -> None:
    base = manifest("1.0", parent="0.9")
    ours = manifest("1.1", seal="a", digest="a", accuracy=0.91)
    theirs = manifest("1.1", seal="b", digest="b", more="loss = 0.2\n")
    assert conflicting_keys(merge(base, ours, theirs, MANIFEST)) == {
        *("version", "parents", "seal", "digest", "accuracy", "loss")
    }


def test_two_unsealed_proposals_of_the_same_bytes_conflict_on_the_version() -> None:
    base = manifest("1.0", parent="0.9").replace("seal", "sort")
    ours = manifest("1.1", accuracy=0.95).replace("seal", "sort")
    theirs = manifest("1.1", more="loss = 0.1\n").replace("seal", "sort")
    assert {"version", "parents", "accuracy", "loss"} <= conflicting_keys(merge(base, ours, theirs, MANIFEST))


def test_a_version_of_one_side_and_an_edit_of_the_other_merge() -> None:
    base = manifest("1.0", parent="0.9")
    merged = merge(base, manifest("1.1"), base.replace('note = "x"', 'note = "y"'), MANIFEST)
    assert merged == Merged(manifest("1.1", note="y"), 0)


def test_the_same_version_on_both_sides_merges_with_its_edits() -> None:
    base, ours = manifest("1.0", parent="0.9"), manifest("1.1", note="y")
    assert merge(base, ours, manifest("1.1"), MANIFEST) == Merged(ours, 0)


@settings(max_examples=10, deadline=None)
@given(records.manifests(), records.manifests())
def test_two_manifests_never_merge_into_a_third(ours: Manifest, theirs: Manifest) -> None:
    ours, theirs = sealed(ours), sealed(theirs)
    try:
        merged = merge("", ours.to_text(), theirs.to_text(), MANIFEST)
    except Unmergeable:
        return
    assert merged.conflicts or Manifest.parse(merged.text).seal in (ours.seal, theirs.seal)
    assert merged.conflicts or ours.seal == theirs.seal


# -- the other records --------------------------------------------------------------------------------------


def retired(**reasons: str) -> str:
    lines = "".join(
        f'"{version[1:].replace("_", ".")}" = {{ when = 2026-01-01T00:00:00Z, who = "a", reason = "{reason}" }}\n'
        for version, reason in reasons.items()
    )
    return f"format = 1\n\n[retired]\n{lines}"


def test_retirements_are_a_union_in_order() -> None:
    base = retired(v1_0="old")
    merged = merge(
        base, retired(v1_0="old", v1_10="slow"), retired(v1_0="old", v1_9="wrong"), "models/m/retired.toml"
    )
    assert merged == Merged(retired(v1_0="old", v1_9="wrong", v1_10="slow"), 0)
    assert RetiredList.parse(merged.text).to_text() == merged.text


def test_both_retire_their_first_versions() -> None:
    merged = merge("", retired(v2_0="b"), retired(v1_0="a"), "models/m/retired.toml")
    assert merged == Merged(retired(v1_0="a", v2_0="b"), 0)


def evaluations(*versions: str, **metrics: float) -> str:
    digest, when = Digest("sha256", "a" * 64), datetime(2026, 1, 1, tzinfo=UTC)
    measured = {name: Measurement(value) for name, value in (metrics or {"f1": 0.5}).items()}
    entries = [Evaluation(version, digest, when, "Ada <a@b.c>", measured) for version in versions]
    return Evaluations().with_entries(*entries).to_text()


EVALUATIONS = "models/m/evaluations.toml"


def test_evaluations_are_a_union_of_lines() -> None:
    merged = merge(evaluations("1.0"), evaluations("1.0", "1.10"), evaluations("1.9"), EVALUATIONS)
    assert merged == Merged(evaluations("1.9", "1.10"), 0)
    assert merge("", evaluations("1.0"), evaluations("1.1"), EVALUATIONS).text == evaluations("1.0", "1.1")
    both = merge("", evaluations("1.0", loss=1.0), evaluations("1.0", loss=2.0), EVALUATIONS)
    assert len(Evaluations.parse(both.text).entries) == 2


def test_broken_evaluations_are_left_to_git() -> None:
    with pytest.raises(IntegrityError):
        merge(
            evaluations("1.0"),
            evaluations("1.1"),
            'format = 1\nevaluations = [{ version = "x" }]\n',
            EVALUATIONS,
        )


def labels(**values: str) -> str:
    digest, when = Digest("sha256", "a" * 64), datetime(2026, 1, 1, tzinfo=UTC)
    return (
        Labels().with_entries(Label("1.0", digest, *each, when, "Ada") for each in values.items()).to_text()
    )


def test_labels_are_merged_by_name_and_a_conflict_is_left_to_git() -> None:
    path = "models/m/labels.toml"
    assert merge(labels(a="1"), labels(a="2"), labels(a="1", b="1"), path) == Merged(labels(a="2", b="1"), 0)
    assert merge("", labels(a="1"), labels(b="2"), path) == Merged(labels(a="1", b="2"), 0)
    with pytest.raises(Unmergeable):
        merge(labels(a="1"), labels(a="2"), labels(a="3"), path)


def test_traffic_comes_from_one_side() -> None:
    base = 'engine = "local"\n[traffic]\n"1.0" = 1.0\n[versions."1.0"]\nreplicas = 1\n'
    ours = base.replace('"1.0" = 1.0', '"1.0" = 0.9\n"1.1" = 0.1') + '[versions."1.1"]\nreplicas = 1\n'
    theirs = base.replace("replicas = 1", "replicas = 5")
    assert merge(base, ours, theirs, ENDPOINT).conflicts > 0
    assert merge(base, ours, base + '[routing]\nsticky_header = "x"\n', ENDPOINT).conflicts == 0


# -- any documents ------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "c d", "e"])
DOCUMENTS = st.dictionaries(
    KEYS, st.integers(0, 3) | st.dictionaries(KEYS, st.integers(0, 3), min_size=1), max_size=4
).map(dump_document)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_one_changed_side_is_the_result(base: str, other: str) -> None:
    assert load_document(merge(base, other, base).text, "x") == load_document(other, "x")
    assert load_document(merge(base, base, other).text, "x") == load_document(other, "x")
    assert merge(base, other, other) == Merged(other, 0)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_both_ways_agree(base: str, ours: str, theirs: str) -> None:
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert bool(one.conflicts) == bool(other.conflicts)
    if not one.conflicts:
        merged = load_document(one.text, "x")
        assert merged == load_document(other.text, "x")
        assert _leaves(merged).items() >= (
            _leaves(load_document(ours, "x")).items() & _leaves(load_document(theirs, "x")).items()
        )


def _leaves(table: Mapping[str, object], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    found: dict[tuple[str, ...], object] = {}
    for key, value in table.items():
        found |= _leaves(value, (*path, key)) if isinstance(value, Mapping) else {(*path, key): value}
    return found


@given(DOCUMENTS)
def test_statements_make_up_the_document(text: str) -> None:
    read = read_statements(text, "x")
    parts = [
        statement.whole()
        for table in read.tables.values()
        for statement in (table.header, *table.keys.values())
        if statement is not None
    ]
    assert "".join([*parts, read.below]) == text
