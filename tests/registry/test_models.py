"""Models with their cards and versions, also those of which nothing is merged yet."""

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, NotFound, RegoloNotice
from regolo_git.registry.lookup import list_versions


def test_a_model_has_its_card_and_its_versions_lowest_first(registry: Registry) -> None:
    registry.register_model("m", b"one", description="what it is for")
    registry.create_model_version("m", "1.2", model_data=b"three")
    registry.create_model_version("m", "1.1", model_data=b"two")
    model = registry.get_model("m")
    assert ([v.version for v in model.versions], model.latest.version) == (["1.0", "1.1", "1.2"], "1.2")
    assert model.description == "what it is for"
    with pytest.raises(NotFound):
        registry.get_model("n")


def test_a_model_whose_card_somebody_deleted_has_an_empty_one(registry: Registry) -> None:
    registry.register_model("m", b"one", description="what it is for")
    git(registry.handle.paths.top, "rm", "-q", "models/m/model.toml")
    git(registry.handle.paths.top, "commit", "-qm", "no card")
    assert (registry.get_model("m").description, registry.get_model("m").metric_rules) == (None, {})


def test_a_card_that_cannot_be_read_is_needed_by_its_own_model_alone(registry: Registry) -> None:
    for name in ("m", "n"):
        registry.register_model(name, name.encode())
    commit_files(registry.handle.paths.top, {"models/m/model.toml": "no TOML\n"})
    assert registry.get_model("n").name == "n"
    with pytest.raises(IntegrityError, match=r"models/m/model\.toml"):
        registry.get_model("m")


@pytest.mark.parametrize("flow", ["propose", "auto"])
def test_a_model_that_waits_for_a_review_comes_back_with_its_card(registry: Registry, flow: str) -> None:
    git(registry.handle.paths.top, "switch", "-qc", "topic")
    model = registry.register_model("m", b"one", description="what it is for", flow=flow)  # type: ignore[arg-type]
    assert (model.name, model.description) == ("m", "what it is for")
    assert (model.latest.version, model.latest.tag, model.latest.status) == ("1.0", None, "proposed")
    assert [summary.name for summary in registry.list_models()] == []


def test_models_are_summed_up_with_what_is_promoted_where(registry: Registry) -> None:
    registry.register_model("m", b"one")
    registry.create_model_version("m", "2.0.0-rc.1", model_data=b"two")
    registry.promote_model_version("m", "1.0", "staging")
    registry.promote_model_version("m", "1.0", "production")
    (summary,) = registry.list_models()
    assert (summary.name, summary.versions, summary.latest) == ("m", 2, "1.0")
    assert summary.environments == {"production": "1.0", "staging": "1.0"}


def test_a_summary_has_description_and_owner_from_the_cards_that_changed(registry: Registry) -> None:
    top, handle = registry.handle.paths.top, registry.handle
    registry.register_model("n", b"n", description="another")
    registry.describe_model("n", owner="Ada")
    cache = handle.local_directory / "cards.json"
    for damage in ("", "{", '{"tip": 1}', '{"tip": null, "models": {"n": "x"}, "cards": []}', None):
        found = {model.name: (model.description, model.owner) for model in registry.list_models()}
        assert found["n"] == ("another", "Ada")
        assert registry.list_models()[-1].to_dict()["owner"] == "Ada"
        if damage is not None:
            cache.write_text(damage)
    (top / "models/n/model.toml").write_text("format = 9\n")
    git(top, "commit", "-qam", "a newer card")
    for _ in range(2):
        with pytest.warns(RegoloNotice, match=r"models/n/model\.toml"), Registry.open(top) as again:
            assert [model.owner for model in again.list_models()][-1] is None


def test_the_newest_versions_are_read_alone(two_versions: Registry) -> None:
    for number in range(6):
        two_versions.create_model_version("m", model_data=bytes([number, 7]))
    with Registry.open(two_versions.handle.paths.top) as registry:
        every = list_versions(registry.handle, "m")
        for count in (1, 3, 8, 20):
            assert list_versions(registry.handle, "m", count) == every[-count:]
