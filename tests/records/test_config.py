"""The registry's configuration: what people leave out has a default, what cannot be is named."""

from typing import Any

import pytest

from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.records.config import EnvironmentRule, RegistryConfig, new_config_text


def parse(text: str = "") -> RegistryConfig:
    return RegistryConfig.parse(f"format = 1\n{text}")


def test_missing_keys_have_defaults() -> None:
    found = parse()
    assert (found.branch, found.digest, found.store_url, found.unknown) == ("main", "sha256", None, {})
    assert found.environments == ()
    assert found.environment_order() == ("staging", "production")
    assert found.environment("staging") is None


def test_written_values_are_read_back() -> None:
    found = parse(
        'later = 1\n[registry]\nbranch = "trunk"\n[store]\ndigest = "blake3"\nurl = "s3://x"\n'
        '[environments.canary]\n[environments.production]\nreplicas = 3\nrequires = ["canary"]\nmore = "y"\n'
    )
    assert (found.branch, found.digest, found.store_url) == ("trunk", "blake3", "s3://x")
    assert found.environment_order() == ("canary", "production")
    assert found.environment("production") == EnvironmentRule("production", 3, ("canary",), {"more": "y"})
    assert found.environment("canary") == EnvironmentRule("canary")
    assert found.unknown == {"later": 1}


def test_the_settings_of_the_shared_store_are_read() -> None:
    default = parse()
    assert (default.store_endpoint, default.store_region, default.store_write) == (None, None, "push")
    found = parse('[store]\nendpoint = "https://h"\nregion = "eu"\nwrite = "through"\n')
    assert (found.store_endpoint, found.store_region, found.store_write) == ("https://h", "eu", "through")
    assert found.unknown == {}


@pytest.mark.parametrize("replicas", [1, 1000])
def test_replicas_reach_to_their_edges(replicas: int) -> None:
    found = parse(f"[environments.staging]\nreplicas = {replicas}\n").environment("staging")
    assert found is not None
    assert found.replicas == replicas


@pytest.mark.parametrize(
    "text",
    [
        "[environments.staging]\nreplicas = 0",
        "[environments.staging]\nreplicas = 1001",
        "[environments.staging]\nreplicas = true",
        '[environments.staging]\nrequires = "x"',
        "[environments.staging]\nrequires = [1]",
        '[environments.staging]\nrequires = ["staging"]',
        '[environments.staging]\nrequires = ["production"]\n[environments.production]',
        "[environments.latest]",
        "[environments.Staging]",
        "[environments]\nstaging = 1",
        '[store]\ndigest = "md5"',
        '[store]\nwrite = "pull"',
        "[store]\nwrite = true",
        "[store]\nendpoint = 1",
        "[store]\nregion = 1",
        "[registry]\nbranch = 1",
    ],
)
def test_impossible_values_are_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        parse(text)


def test_a_format_is_required_and_a_newer_one_is_named() -> None:
    with pytest.raises(IntegrityError):
        RegistryConfig.parse("")
    with pytest.raises(NewerFormat):
        RegistryConfig.parse("format = 2")


@pytest.mark.parametrize("url", [None, "s3://bucket/x"])
def test_a_new_configuration_says_what_it_is_and_reads_back(url: str | None) -> None:
    text = new_config_text(branch="trunk", store_url=url)
    found = RegistryConfig.parse(text)
    assert (found.branch, found.digest, found.store_url) == ("trunk", "sha256", url)
    assert text.startswith("# ")


def test_the_example_in_a_new_configuration_is_one() -> None:
    text = new_config_text(branch="main", store_url=None)
    example = [line[1:].strip() for line in text.splitlines() if line.startswith("#   ")]
    found: Any = parse("\n".join(example))
    assert found.environment("production") == EnvironmentRule("production", 3, ("staging",))
