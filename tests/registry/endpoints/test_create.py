"""A new endpoint has all of its traffic on one version."""

import pytest
from support.git_program import commit_files
from support.registry_fixtures import configure

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.routing import Routing


def test_a_bound_endpoint_has_the_environments_replicas_from_the_start(registered: Registry) -> None:
    configure(registered, "\n[environments.production]\nreplicas = 3\n")
    assert registered.create_endpoint("e", "m", "1.0", "production", 7).versions["1.0"].replicas == 3
    registered.promote_model_version("m", "1.0", "production", replicas=4)
    assert registered.create_endpoint("f", "m", "1.0", "production", 7).versions["1.0"].replicas == 4
    with pytest.raises(InvalidInput, match="'replicas' is 0"):
        registered.create_endpoint("g", "m", "1.0", "production", 0)
    with pytest.raises(InvalidInput, match="unknown environment 'nowhere'"):
        registered.create_endpoint("g", "m", "1.0", "nowhere")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retry", -1),
        ("retry", True),
        ("retry", 1.5),
        ("timeout_seconds", "5"),
        ("timeout_seconds", float("nan")),
        ("max_body_bytes", 0),
        ("sticky_header", "x user"),
        ("sticky_header", ""),
        ("sticky_cookie", "a;b"),
        ("override_header", "x:version"),
    ],
)
def test_a_routing_that_cannot_be_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=name):
        Routing(**{name: value})  # type: ignore[arg-type]


def test_an_endpoint_that_exists_is_not_created_again_also_if_it_is_broken(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0")
    for _ in range(2):
        with pytest.raises(Conflict) as caught:
            registered.create_endpoint("e", "m", "1.1")
        assert caught.value.hint == Hint("traffic", "e", "1.1=100")
        commit_files(registered.handle.paths.top, {"endpoints/e.toml": "no TOML\n"})


def test_what_is_promoted_decides_the_replicas_then_the_rule_then_what_is_asked_for(
    registered: Registry,
) -> None:
    def replicas(name: str, environment: str | None, asked: int) -> int:
        return registered.create_endpoint(name, "m", "1.0", environment, asked).versions["1.0"].replicas

    assert replicas("free", None, 7) == 7
    configure(registered, "\n[environments.staging]\n[environments.production]\nreplicas = 3\n")
    assert replicas("asked", "staging", 7) == 7
    assert replicas("ruled", "production", 7) == 3
    registered.promote_model_version("m", "1.0", "production", replicas=5)
    assert replicas("promoted", "production", 7) == 5
    with pytest.raises(InvalidInput, match="'canary'"):
        replicas("nowhere", "canary", 1)


@pytest.mark.parametrize("name", ["../e", "", "E", "a/b"])
def test_a_name_that_no_endpoint_can_have_is_refused(registered: Registry, name: str) -> None:
    with pytest.raises(InvalidInput):
        registered.create_endpoint(name, "m", "1.0")
