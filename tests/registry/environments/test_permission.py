"""The rules of the environments are asked before each promotion."""

import pytest
from support.registry_fixtures import configure

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, PolicyRefused
from regolo_git.records.config import EnvironmentRule
from regolo_git.registry.environments.permission import environment_rule


def test_a_version_must_have_stood_where_the_rules_say(registered: Registry) -> None:
    configure(
        registered,
        '\n[environments.staging]\n\n[environments.production]\nreplicas = 3\nrequires = ["staging"]\n',
    )
    with pytest.raises(PolicyRefused) as caught:
        registered.promote_model_version("m", "1.1", "production")
    assert str(caught.value.hint) == "git regolo promote m@1.1 staging"
    registered.promote_model_version("m", "1.1", "staging")
    assert registered.promote_model_version("m", "1.1", "production").replicas == 3
    with pytest.raises(InvalidInput, match="unknown environment 'canary'"):
        registered.promote_model_version("m", "1.1", "canary")


def test_what_was_promoted_once_has_passed_for_good(registered: Registry) -> None:
    configure(registered, '\n[environments.staging]\n\n[environments.production]\nrequires = ["staging"]\n')
    registered.promote_model_version("m", "1.0", "staging")
    registered.promote_model_version("m", "1.1", "staging")
    assert registered.promote_model_version("m", "1.0", "production").version == "1.0"


def test_a_rule_is_that_of_its_environment(registered: Registry) -> None:
    assert environment_rule(registered.handle, "staging") == EnvironmentRule("staging")
    configure(registered, "\n[environments.production]\nreplicas = 3\n")
    rule = environment_rule(registered.handle, "production")
    assert rule is not None
    assert (rule.name, rule.replicas) == ("production", 3)
    with pytest.raises(InvalidInput, match="'staging'") as caught:
        environment_rule(registered.handle, "staging")
    assert str(caught.value.hint) == "git regolo config environments.staging.replicas 1"
    with pytest.raises(InvalidInput):
        environment_rule(registered.handle, "../production")
