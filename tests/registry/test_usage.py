"""Who uses a version, and which records that cannot be read may use one."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.registry.handle import Handle
from regolo_git.registry.usage import unreadable_users, users_of


@pytest.fixture
def in_use(registry: Registry, once: Once) -> Registry:
    """Model `m`, with 1.0 in use; `mm` and `nlp/m`, whose names hold its name."""

    def build() -> None:
        for name in ("m", "mm", "nlp/m"):
            registry.register_model(name, name.encode())
        registry.create_model_version("m", model_data=b"two")
        registry.promote_model_version("m", "1.0", "production")
        registry.promote_model_version("m", "1.0", "staging")
        registry.create_endpoint("e", "m", "1.0")
        registry.update_endpoint_traffic("e", {"1.0": 0, "1.1": 100})
        registry.create_endpoint("other", "mm", "1.0")

    once(build)
    return registry


@pytest.mark.parametrize(
    ("model", "version", "users"),
    [
        ("m", "1.0", ["environment 'staging'", "environment 'production'", "endpoint 'e'"]),
        ("m", "1.0.0", ["environment 'staging'", "environment 'production'", "endpoint 'e'"]),
        ("m", "1.1", ["endpoint 'e'"]),
        ("mm", "1.0", ["endpoint 'other'"]),
        ("nlp/m", "1.0", []),
    ],
)
def test_users_are_environments_and_endpoints(
    in_use: Registry, model: str, version: str, users: list[str]
) -> None:
    records = in_use.handle.records()
    found = users_of(records.promotions().records, records.endpoints().records, model, version)
    assert [str(user) for user in found] == users


def models_of(top: Path) -> list[str]:
    records = Handle.open(top, {}).records()
    return [model for model in ("m", "mm", "nlp/m") if list(unreadable_users(records, model))]


@pytest.mark.parametrize(
    ("path", "text", "models"),
    [
        ("environments/production/m.toml", "format = 2\n", ["m"]),
        ("environments/staging/nlp/m.toml", "broken", ["nlp/m"]),
        ("endpoints/e.toml", "broken", ["m", "mm", "nlp/m"]),
        ("endpoints/e.toml", "format = 2\n", ["m", "mm", "nlp/m"]),
        ("endpoints/e.toml", 'format = 2\nmodel = 3 # "m"\n', ["m", "mm", "nlp/m"]),
        ("endpoints/e.toml", 'format = 2\nmodel = "mm"\n', ["mm"]),
        ("endpoints/e.toml", 'format = 2\nmodel = "m"\n', ["m"]),
        ("endpoints/e.toml", 'format = 2\nmodel = "x"\nshadow = "mm@1.0"\n', ["mm"]),
        ("endpoints/e.toml", 'format = 2\nmodel = "x"\nshadow = ["nlp/m"]\n', ["nlp/m"]),
        ("models/m/retired.toml", "broken", []),
    ],
)
def test_a_record_that_cannot_be_read_may_use_the_models_that_it_could_name(
    in_use: Registry, path: str, text: str, models: list[str]
) -> None:
    top = in_use.handle.paths.top
    assert models_of(top) == []
    (top / path).parent.mkdir(parents=True, exist_ok=True)
    (top / path).write_text(text)
    git(top, "add", "--all")
    git(top, "commit", "-qm", "by hand")
    assert models_of(top) == models
