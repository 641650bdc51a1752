"""`regolo://` with a registry at a URL and its store in a bucket: a machine that has neither."""

from pathlib import Path

import fsspec
import pytest
from support.artifact_files import noise
from support.git_program import git
from support.servers.s3 import REGION, S3Server, moto, s3_credentials

from regolo_git import Registry, TransportError
from regolo_git.interop.filesystem import RegoloFileSystem
from regolo_git.registry.configuration import change_setting

__all__ = ["moto", "s3_credentials"]

pytestmark = pytest.mark.slow

LARGE = noise("large", 3 << 20)


@pytest.fixture
def options(registry: Registry, moto: S3Server, s3_credentials: None, tmp_path: Path) -> dict[str, object]:
    """The storage options for a registry whose model has a large file and 50 small ones."""
    store = f"s3://{moto.new_bucket()}/models"
    for key, value in (("url", store), ("endpoint", moto.endpoint), ("region", REGION)):
        change_setting(registry.handle, f"store.{key}", value)
    top = tmp_path / "files"
    top.mkdir()
    (top / "large").write_bytes(LARGE)
    for number in range(50):
        (top / str(number)).write_bytes(noise(str(number), 1000))
    registry.register_model("m", top)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "host.git")
    git(registry.handle.paths.top, "remote", "add", "origin", str(tmp_path / "host.git"))
    registry.push(yes=True)
    return {"registry": str(tmp_path / "host.git"), "trust_store": store, "cache": str(tmp_path / "cache")}


def test_files_and_parts_of_them_are_read(options: dict[str, object]) -> None:
    fsspec.register_implementation("regolo", RegoloFileSystem, clobber=True)
    files = fsspec.filesystem("regolo", **options)
    assert files.cat_file("m@latest/large", 1_000_000, 2_000_000) == LARGE[1_000_000:2_000_000]
    with fsspec.open("regolo://m@1.0/large", **options) as file:
        assert file.read() == LARGE
    assert files.cat([f"m@1.0/{number}" for number in range(50)]) == {
        f"m@1.0/{number}": noise(str(number), 1000) for number in range(50)
    }


def test_a_bucket_that_cannot_be_read_is_reported(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    files = RegoloFileSystem(skip_instance_cache=True, **options)
    with pytest.raises(TransportError, match="credentials"):
        files.exists("m@1.0/large")
