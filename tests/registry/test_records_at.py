"""The records of a branch as of a commit: one at a time, and a broken one only where it is asked for."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git
from support.registry_fixtures import without_environments

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt

PATHS = {
    "manifest": "models/m/manifest.toml",
    "card": "models/m/model.toml",
    "retired": "models/m/retired.toml",
    "promotion": "environments/staging/m.toml",
    "endpoint": "endpoints/e.toml",
    "config": ".regolo/config.toml",
}
READ = {
    "manifest": lambda records: records.manifest("m"),
    "card": lambda records: records.card("m"),
    "retired": lambda records: records.retired("m"),
    "promotion": lambda records: records.promotion("staging", "m"),
    "endpoint": lambda records: records.endpoint("e"),
    "config": lambda records: records.config(),
}
LISTED = {
    "manifest": (RecordsAt.manifests, ["nlp/n"]),
    "card": (RecordsAt.cards, ["nlp/n"]),
    "retired": (RecordsAt.retired_lists, []),
    "promotion": (RecordsAt.promotions, ["staging/nlp/n", "production/m"]),
    "endpoint": (RecordsAt.endpoints, ["f"]),
}


@pytest.fixture
def top(registry: Registry, once: Once) -> Path:
    """Models `m` and `nlp/n` with every kind of record."""

    def build() -> None:
        for name in ("m", "nlp/n"):
            registry.register_model(name, name.encode())
            registry.create_model_version(name, model_data=name.encode() * 2)
            registry.promote_model_version(name, "1.1", "staging")
        registry.promote_model_version("m", "1.1", "production")
        registry.create_endpoint("f", "m", "1.1")
        registry.create_endpoint("e", "m", "1.1")
        registry.delete_model_version("m", "1.0", reason="wrong data")

    once(build)
    return registry.handle.paths.top


@pytest.fixture
def records(registry: Registry, top: Path) -> RecordsAt:
    return registry.handle.records()


def commit(top: Path, path: str, text: str) -> RecordsAt:
    """The records after a file was written by hand."""
    (top / path).write_text(text)
    git(top, "commit", "-qam", "by hand")
    return Handle.open(top, {}).records()


def test_each_record_is_found_by_its_name(records: RecordsAt) -> None:
    manifest, card, config = records.manifest("nlp/n"), records.card("nlp/n"), records.config()
    promotion, endpoint = records.promotion("staging", "nlp/n"), records.endpoint("e")
    assert manifest is not None
    assert (manifest.model, manifest.version) == ("nlp/n", "1.1")
    assert card is not None
    assert config is not None
    assert config.branch == "main"
    assert promotion is not None
    assert (promotion.model, promotion.environment, promotion.version) == ("nlp/n", "staging", "1.1")
    assert endpoint is not None
    assert endpoint.traffic == {"1.1": 1.0}
    assert [entry.version for entry in records.retired("m").entries] == ["1.0"]


def test_what_is_not_there_is_none(records: RecordsAt) -> None:
    assert records.manifest("other") is records.card("other") is None
    assert records.promotion("production", "nlp/n") is records.endpoint("g") is None
    assert records.retired("nlp/n").entries == ()
    assert records.data("models/other/manifest.toml") is None


def test_a_branch_without_a_commit_has_no_records(registry: Registry) -> None:
    records = RecordsAt(registry.handle.git, None, None)
    assert [read(records) for kind, read in READ.items() if kind != "retired"] == [None] * 5
    assert records.retired("m").entries == ()
    assert not any(listing(records).by_name for listing, _ in LISTED.values())
    assert records.models() == records.endpoint_names() == []


def test_all_records_of_a_kind_are_listed_by_name(records: RecordsAt) -> None:
    assert list(records.manifests().by_name) == list(records.cards().by_name) == ["m", "nlp/n"]
    assert list(records.retired_lists().by_name) == ["m"]
    assert list(records.endpoints().by_name) == ["e", "f"]
    assert records.models() == ["m", "nlp/n"]
    assert records.endpoint_names() == ["e", "f"]
    assert not any(listing(records).broken for listing, _ in LISTED.values())


def test_promotions_are_in_the_order_of_the_environments(records: RecordsAt, top: Path) -> None:
    assert list(records.promotions().by_name) == ["staging/m", "staging/nlp/n", "production/m"]
    order = "\n[environments.production]\n[environments.staging]\n"
    config = (top / PATHS["config"]).read_text()
    changed = commit(top, PATHS["config"], without_environments(config) + order)
    assert list(changed.promotions().by_name) == ["production/m", "staging/m", "staging/nlp/n"]


@pytest.mark.parametrize("kind", LISTED)
@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("format = 99\n", NewerFormat, "format 99, which is newer than this release"),
        ("format = \n", IntegrityError, "is not valid TOML"),
    ],
)
def test_a_broken_record_raises_only_where_it_is_asked_for(
    top: Path, kind: str, text: str, error: type[IntegrityError], words: str
) -> None:
    records = commit(top, PATHS[kind], text)
    for _ in range(2):
        with pytest.raises(error, match=words) as caught:
            READ[kind](records)
        assert f"'{PATHS[kind]}'" in caught.value.message
    for other, read in READ.items():
        if other != kind:
            assert read(records) is not None
    listing, rest = LISTED[kind]
    found = listing(records)
    assert list(found.by_name) == rest
    assert [(path, type(problem)) for path, problem in found.broken.items()] == [(PATHS[kind], error)]
    assert records.data(PATHS[kind]) == text.encode()


def test_promotions_need_the_configuration_for_their_order(top: Path) -> None:
    with pytest.raises(IntegrityError, match=r"\.regolo/config\.toml"):
        commit(top, PATHS["config"], "format = \n").promotions()


def test_environments_and_endpoints_come_from_the_operations_branch(top: Path) -> None:
    before = git(top, "rev-parse", "HEAD").strip()
    with Registry.open(top) as registry:
        registry.promote_model_version("m", "1.1", "production", replicas=7)
        registry.update_endpoint_traffic("f", {"1.1": 1}, replicas={"1.1": 7})
        registry.create_model_version("m", model_data=b"three")
        git_of, now = registry.handle.git, git(top, "rev-parse", "HEAD").strip()
        operated, registered = RecordsAt(git_of, before, now), RecordsAt(git_of, now, before)
        assert [records.promotion("production", "m").replicas for records in (operated, registered)] == [7, 1]  # type: ignore[union-attr]
        assert [records.endpoint("f").versions["1.1"].replicas for records in (operated, registered)] == [
            7,
            1,
        ]  # type: ignore[union-attr]
        assert [records.manifest("m").version for records in (operated, registered)] == ["1.1", "1.2"]  # type: ignore[union-attr]


def test_a_record_is_parsed_once_for_a_commit(registry: Registry, top: Path) -> None:
    handle = registry.handle
    records = handle.records()
    assert handle.records() is handle.records_at(records.registry) is records
    assert records.endpoints().by_name["e"] is records.endpoint("e")
    assert records.promotion("staging", "m") is records.promotions().by_name["staging/m"]
    registry.update_endpoint_traffic("e", {"1.1": 1}, replicas={"1.1": 2})
    assert handle.records() is not records


def test_the_records_of_many_commits_are_not_kept(registry: Registry, top: Path) -> None:
    first = registry.handle.records()
    commits = git(top, "rev-list", "HEAD").split()
    for oid in commits[1:]:
        registry.handle.records_at(oid)
    assert len(commits) > 9
    assert registry.handle.records() is not first
