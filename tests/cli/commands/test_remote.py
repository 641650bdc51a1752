"""remote."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.registry.handle import Handle
from regolo_git.store.loose import LooseStore


def test_no_store_is_shared_at_first(regolo: Regolo, registry: Path) -> None:
    done = regolo("remote")
    assert done.out == ""
    assert "no shared store" in done.err
    assert regolo("remote", "--json").document == []


def test_the_stores_are_listed_in_the_order_in_which_they_are_read(
    regolo: Regolo, registry: Path, tmp_path: Path
) -> None:
    LooseStore.create(str(tmp_path / "archive"))
    regolo("remote", "add", "archive", str(tmp_path / "archive"))
    regolo("config", "store.url", "s3://models/team")
    regolo("config", "store.region", "eu-central-1")
    assert regolo("remote", "--plain").out == (
        "shared\ts3://models/team\t\teu-central-1\tconfirmed\n"
        f"archive\t{tmp_path / 'archive'}\t\t\tof this clone\n"
    )
    assert regolo("remote", "--json").document[0] == {
        "name": "shared",
        "url": "s3://models/team",
        "endpoint": None,
        "region": "eu-central-1",
        "state": "confirmed",
    }
    git(registry, "config", "--unset", "regolo.confirmed")
    assert "s3://models/team eu-central-1" in regolo("remote").out
    assert "not confirmed" in regolo("remote").out


def test_a_store_is_added_by_a_path_from_here_and_removed_again(
    regolo: Regolo, registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LooseStore.create(str(tmp_path / "archive"))
    (registry / "sub").mkdir()
    monkeypatch.chdir(registry / "sub")
    assert "cannot be read" not in regolo("remote", "add", "archive", "../../archive").err
    assert git(registry, "config", "regolo.remote.archive.url").strip().endswith("/sub/../../archive")
    assert "removed the store 'archive'" in regolo("remote", "remove", "archive").err
    assert regolo("remote", "--json").document == []
    assert (tmp_path / "archive/format.toml").is_file()


def test_a_store_that_is_not_there_yet_is_added_with_a_note(
    regolo: Regolo, registry: Path, tmp_path: Path
) -> None:
    assert "it cannot be read now" in regolo("remote", "add", "later", str(tmp_path / "later")).err
    assert regolo("remote", "--json").document[0]["name"] == "later"
    assert not (tmp_path / "later").exists()


def test_a_store_on_s3_has_an_endpoint_and_a_region_of_its_own(regolo: Regolo, registry: Path) -> None:
    there = ("s3://models/x", "--endpoint", "http://127.0.0.1:9", "--region", "eu-x")
    regolo("remote", "add", "minio", *there)
    assert (
        regolo("remote", "--plain").out == "minio\ts3://models/x\thttp://127.0.0.1:9\teu-x\tof this clone\n"
    )
    assert "regolo.remote.minio.region" in regolo("config", "--local").out
    (store,) = Handle.open(registry, {}).shared_stores.further().items()
    assert store[1].address(store[0])[-2:] == ("http://127.0.0.1:9", "eu-x")
    regolo("remote", "remove", "minio")
    assert "regolo.remote.minio" not in git(registry, "config", "--list")
    for place, *options in (("/store", "--region", "eu-x"), ("s3://m/x", "--endpoint", "http://a@b")):
        regolo("remote", "add", "minio", place, *options, status=2)
    git(registry, "config", "regolo.remote.bad.url", "gs://models")
    git(registry, "config", "regolo.remote.bad.region", "eu-x")
    assert regolo("remote", "--json").document[0]["region"] == "eu-x"


@pytest.mark.parametrize(
    ("name", "url", "status"),
    [
        ("archive", "ftp://x/y", 2),
        ("archive", "s3://key:secret@bucket", 2),
        ("archive", "s3://bucket/../x", 2),
        ("-x", "/store", 2),
        ("a/b", "/store", 2),
        ("shared", "/store", 4),
    ],
)
def test_an_invalid_store_is_refused(
    regolo: Regolo, registry: Path, name: str, url: str, status: int
) -> None:
    before = (registry / ".git/config").read_text()
    said = regolo("remote", "add", "--", name, url, status=status).err
    assert "secret" not in said
    assert (registry / ".git/config").read_text() == before


def test_a_name_is_given_once(regolo: Regolo, registry: Path, tmp_path: Path) -> None:
    regolo("remote", "add", "archive", str(tmp_path / "a"))
    assert "git regolo remote remove archive" in regolo("remote", "add", "archive", "/b", status=4).err
    regolo("remote", "remove", "archive")
    assert "has no store 'archive'" in regolo("remote", "remove", "archive", status=3).err


def test_a_store_of_all_repositories_is_removed_where_it_was_set(
    regolo: Regolo, registry: Path, tmp_path: Path
) -> None:
    git(registry, "config", "--global", "regolo.remote.archive.url", str(tmp_path))
    assert "--show-origin" in regolo("remote", "remove", "archive", status=3).err
