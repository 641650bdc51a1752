"""Versions that are served for a try: endpoints out of nothing, and no commit."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound, PolicyRefused
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.serving.registry_source import RegistrySource
from regolo_git.serving.tried_versions import TriedVersions, tried_endpoints


@pytest.fixture
def registry(git_repository: Path) -> Iterator[Registry]:
    with Registry.init(git_repository) as registry:
        registry.register_model("nlp/m", b"one")
        registry.register_model("other/m", b"two")
        yield registry


def references(*texts: str) -> list[Reference]:
    return [Reference.parse(text) for text in texts]


def test_a_version_is_an_endpoint_of_its_models_name(registry: Registry, tmp_path: Path) -> None:
    top = registry.handle.paths.top
    before = git(top, "for-each-ref")
    (endpoint,) = tried_endpoints(registry.handle, references("nlp/m@1.0"))
    assert (endpoint.endpoint, endpoint.model, endpoint.whole) == ("m", "nlp/m", "1.0")
    real = RegistrySource(lambda: Handle.open(top, os.environ), tmp_path / "artifacts")
    source = TriedVersions(real, [endpoint])
    assert source.endpoints(source.head()).by_name == {"m": endpoint}
    assert source.head() == registry.get_model_version("nlp/m", "1.0").commit
    files = source.fetch("nlp/m", endpoint.versions["1.0"])
    assert files.path.read_bytes() == b"one"
    source.keep_only([])
    assert not files.path.exists()
    assert git(top, "for-each-ref") == before


def test_what_cannot_be_served_is_refused(registry: Registry) -> None:
    with pytest.raises(InvalidInput, match="would both be served as 'm'"):
        tried_endpoints(registry.handle, references("nlp/m@1.0", "other/m@1.0"))
    with pytest.raises(NotFound):
        tried_endpoints(registry.handle, references("nlp/m@2.0"))
    registry.retire_model_version("nlp/m", "1.0", reason="wrong data")
    with pytest.raises(PolicyRefused, match="wrong data"):
        tried_endpoints(registry.handle, references("nlp/m@1.0"))
