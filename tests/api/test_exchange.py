"""Exchange with a remote through the Python API."""

from pathlib import Path

import pytest
from support.git_program import git

import regolo_git
from regolo_git import Registry
from regolo_git.errors import Conflict, NotFound


@pytest.fixture
def host(tmp_path: Path, git_repository: Path) -> Path:
    """A host with `m@1.0`, whose clones find the bytes."""
    (git_repository / "m.bin").write_bytes(b"one")
    with Registry.init(git_repository) as registry:
        registry.register_model("m", git_repository / "m.bin")
    git(tmp_path, "clone", "-q", "--bare", str(git_repository), "host.git")
    git(tmp_path, "config", "--global", "regolo.store", str(git_repository / ".git/regolo/store"))
    return tmp_path / "host.git"


def test_versions_go_round(host: Path, tmp_path: Path) -> None:
    with Registry.clone(str(host), tmp_path / "a") as a, Registry.clone(str(host), tmp_path / "b") as b:
        (tmp_path / "a/m.bin").write_bytes(b"two")
        a.create_model_version("m", model_data=tmp_path / "a/m.bin")
        assert [version.reference for version in a.push("m").versions] == ["m@1.1"]
        assert b.fetch().versions == ("m@1.1",)
        assert [item.version for item in b.pull().files.checked_out] == ["1.1"]
        assert (tmp_path / "b/m.bin").read_bytes() == b"two"


def test_the_functions_do_the_same(host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    regolo_git.clone("host.git", "work", checkout=False).close()
    assert not Path("work/m.bin").exists()
    monkeypatch.chdir("work")
    assert regolo_git.fetch().versions == ()
    assert regolo_git.pull().branches == ()
    assert regolo_git.push().versions == ()


def test_errors(host: Path, tmp_path: Path) -> None:
    Registry.clone(str(host), tmp_path / "a").close()
    with pytest.raises(Conflict):
        Registry.clone(str(host), tmp_path / "a")
    with pytest.raises(NotFound):
        Registry.clone(str(tmp_path / "nothing"), tmp_path / "b")
    assert not (tmp_path / "b").exists()
