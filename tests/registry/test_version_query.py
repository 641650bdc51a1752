"""Versions by what they have: filtered, sorted, over one model or all."""

import sqlite3
import warnings

import pytest
from support.copies import Once

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound, RegoloNotice
from regolo_git.records.filter_expression import Filter
from regolo_git.records.manifest import Lineage
from regolo_git.registry.manifest_values import read_values
from regolo_git.registry.version_query import SortKey, VersionQuery, select_versions


@pytest.fixture
def filled(registry: Registry, once: Once) -> Registry:

    def build() -> None:
        registry.register_model(
            "m", b"one", metadata={"accuracy": 0.8, "license": "mit", "eval": {"f1": 0.5}}
        )
        registry.create_model_version("m", model_data=b"two", metadata={"accuracy": 0.9, "license": "mit"})
        registry.create_model_version(
            "m",
            model_data=b"three",
            metadata={"accuracy": 0.85, "license": "gpl-3.0"},
            lineage=Lineage(parameters={"lr": 0.1}),
        )
        registry.register_model("nlp/n", b"four", metadata={"accuracy": 0.95})
        registry.promote_model_version("m", "1.1", "staging")

    once(build)
    return registry


CHOSEN: list[tuple[str, list[str]]] = [
    ("accuracy > 0.8", ["m@1.2", "m@1.1", "nlp/n@1.0"]),
    ("accuracy > 0.8 and license == 'mit'", ["m@1.1"]),
    ("has eval.f1", ["m@1.0"]),
    ("metrics.eval.f1 == 0.5", ["m@1.0"]),
    ("lr >= 0.1", ["m@1.2"]),
    ("parameters.lr >= 0.1", ["m@1.2"]),
    ("metadata.license == 'mit' and version >= 1.1", ["m@1.1"]),
    ("environment == 'staging'", ["m@1.1"]),
    ("status == 'staging' or model == 'nlp/n'", ["m@1.1", "nlp/n@1.0"]),
    ("created > '2000-01-01' and size > 4", ["m@1.2"]),
    ("author == 'Ada Byron <ada@example.com>' and version < 1.1", ["m@1.0", "nlp/n@1.0"]),
]


def test_a_filter_chooses_over_all_models(filled: Registry) -> None:
    for where, expected in CHOSEN:
        assert [version.reference for version in filled.find_model_versions(where)] == expected, where


def test_what_was_measured_later_counts(filled: Registry) -> None:
    filled.evaluate_model_version("m", "1.0", metrics={"gap": 0.1, "accuracy": 0.99})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for where in ("gap < 0.2", "accuracy > 0.98", "metrics.accuracy > 0.98"):
            assert [version.reference for version in filled.find_model_versions(where)] == ["m@1.0"]


def test_what_a_commit_or_a_range_has_is_chosen_too(filled: Registry) -> None:
    proposed = filled.create_model_version("m", model_data=b"5", metadata={"accuracy": 0.99}, flow="propose")
    branch = proposed.commit

    def found(where: str, model: str | None, rev: str) -> list[str]:
        return [v.reference for v in filled.find_model_versions(where, model, rev=rev, sort="-accuracy")]

    assert found("accuracy > 0.85", "m", branch) == ["m@1.3", "m@1.1"]
    assert found("lr == 0.1 or metadata.license == 'mit'", "m", branch) == ["m@1.1", "m@1.2", "m@1.0"]
    assert found("size > 0", None, f"main..{branch}") == ["m@1.3"]
    assert found("size > 0", "nlp/n", f"main..{branch}") == []
    with pytest.raises(TypeError, match="requires model_id"):
        found("size > 0", None, branch)


def test_versions_are_sorted_and_those_without_the_value_come_last(filled: Registry) -> None:
    found = filled.find_model_versions(sort=["license", "-accuracy"])
    assert [version.reference for version in found] == ["m@1.2", "m@1.1", "m@1.0", "nlp/n@1.0"]
    assert [v.version for v in filled.find_model_versions(model_id="m", sort="accuracy", limit=2)] == [
        "1.0",
        "1.2",
    ]
    assert [v.version for v in filled.find_model_versions(model_id="m")] == ["1.2", "1.1", "1.0"]


def test_what_was_read_once_is_kept(filled: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    first = filled.find_model_versions("accuracy > 0.8")
    oids = [row.manifest_oid for row in filled.handle.index.all_rows()]
    with monkeypatch.context() as patched:
        patched.setattr(type(filled.handle.git), "read_blob", None)
        assert {oid for oid, _ in read_values(filled.handle, oids, lambda *_: None)} == set(oids)
    file = filled.handle.local_directory / "values.sqlite"
    file.write_bytes(b"damaged" * 1000)
    assert filled.find_model_versions("accuracy > 0.8") == first
    with sqlite3.connect(file) as held:
        held.execute("pragma user_version = 99")
    held.close()
    assert filled.find_model_versions("accuracy > 0.8") == first


def test_a_name_that_no_version_has_is_reported(filled: Registry) -> None:
    with pytest.warns(RegoloNotice, match=r"no version has 'acuracy' \(did you mean 'accuracy'\?\)"):
        assert filled.find_model_versions("acuracy > 0.8") == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert filled.find_model_versions("has environment and version > 5") == []


def test_what_is_wrong_is_an_error(filled: Registry) -> None:
    with pytest.raises(InvalidInput, match="at character 11"):
        filled.find_model_versions("accuracy >> 0.8")
    with pytest.raises(InvalidInput, match="names nothing to sort by"):
        filled.find_model_versions(sort="-")
    with pytest.raises(NotFound, match="there is no model 'x'"):
        filled.find_model_versions(model_id="x")


def test_a_slow_first_read_is_reported(filled: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[int] = []
    monkeypatch.setattr("regolo_git.registry.manifest_values.LONG_SECONDS", 0.0)
    query = VersionQuery(Filter.parse("accuracy > 0.8"), (SortKey("accuracy"),))
    found, count = select_versions(filled.handle, query, limit=1, on_slow=lambda count, _: said.append(count))
    assert (len(found), count, said) == (1, 3, [4])
    assert found[0].values == {"accuracy": 0.85}
