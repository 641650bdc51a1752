"""config."""

import os
import re
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.registry.handle import Handle


def test_the_configuration_is_shown(regolo: Regolo, registry: Path) -> None:
    assert 'branch = "main"' in regolo("config").out
    document = regolo("config", "--json").document["registry"]
    assert document == {"branch": "main", "id": document["id"]}
    assert re.fullmatch("[0-9a-f]{32}", document["id"])
    assert "registry.branch\tmain" in regolo("config", "--plain").lines
    assert regolo("config", "registry.branch").out == "main\n"
    assert regolo("config", "registry").out == f'branch = "main"\nid = "{document["id"]}"\n'


def test_a_value_is_set_by_a_commit_that_keeps_the_comments(regolo: Regolo, registry: Path) -> None:
    done = regolo("config", "store.digest", "blake3")
    assert done.out == ""
    assert "set store.digest (commit" in done.err
    text = git(registry, "show", "HEAD:.regolo/config.toml")
    assert 'digest = "blake3"' in text
    assert text.startswith("# Registry configuration:")
    assert (
        git(registry, "log", "-1", "--format=%s").strip()
        == "set store.digest in the registry's configuration"
    )


def test_lists_and_numbers_are_as_toml_has_them(regolo: Regolo, registry: Path) -> None:
    regolo("config", "environments.staging.replicas", "2")
    regolo("config", "environments.production.requires", '["staging"]')
    document = regolo("config", "environments", "--json").document
    assert document == {"staging": {"replicas": 2}, "production": {"requires": ["staging"]}}


def test_a_value_is_taken_away(regolo: Regolo, registry: Path) -> None:
    regolo("config", "store.url", "s3://models/team")
    regolo("config", "--unset", "store.url")
    assert "has no 'store.url'" in regolo("config", "store.url", status=3).err


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("store.digest", "md5", "digest"),
        ("registry.branch", "7", "branch"),
        ("environments.production.replicas", "0", "replicas"),
        ("environments.production.requires", '["nowhere"]', "nowhere"),
        ("format", "2", "'format'"),
    ],
)
def test_an_invalid_configuration_is_refused(
    regolo: Regolo, registry: Path, key: str, value: str, said: str
) -> None:
    before = git(registry, "rev-parse", "HEAD")
    assert said in regolo("config", key, value, status=2).err
    assert git(registry, "rev-parse", "HEAD") == before


def test_setting_what_is_set_changes_nothing(regolo: Regolo, registry: Path) -> None:
    regolo("config", "store.digest", "sha256", status=4)


def test_a_key_that_nobody_reads_is_worth_a_note(regolo: Regolo, registry: Path) -> None:
    assert "did you mean 'store.url'?" in regolo("config", "store.ulr", "/x", status=2).err
    assert "does not use 'team.name'" in regolo("config", "team.name", "nlp").err


def test_settings_of_this_clone_are_never_committed(regolo: Regolo, registry: Path, tmp_path: Path) -> None:
    before = git(registry, "rev-parse", "HEAD")
    regolo("config", "--local", "regolo.store", str(tmp_path / "store"))
    assert regolo("config", "--local", "regolo.store").out == f"{tmp_path / 'store'}\n"
    assert regolo("config", "--local", "--json").document == {"regolo.store": str(tmp_path / "store")}
    assert git(registry, "rev-parse", "HEAD") == before
    regolo("config", "--local", "--unset", "regolo.store")
    regolo("config", "--local", "regolo.store", status=3)


def test_a_relative_store_is_meant_from_where_it_is_typed(
    regolo: Regolo, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (registry / "deep").mkdir()
    monkeypatch.chdir(registry / "deep")
    regolo("config", "--local", "regolo.store", "../shared")
    place = regolo("config", "--local", "regolo.store").out.strip()
    assert Path(place) == (registry / "shared").resolve()
    regolo("config", "--local", "regolo.store", "s3://models/team")
    assert (
        "stores at 'ftp://' are not supported"
        in regolo("config", "--local", "regolo.store", "ftp://example.com", status=2).err
    )
    assert regolo("config", "--local", "regolo.store").out == "s3://models/team\n"


def test_the_former_name_of_the_store_is_read_and_the_new_one_wins(registry: Path, regolo: Regolo) -> None:
    git(registry, "config", "regolo.localStore", "/former")
    for key in ("regolo.store", "regolo.localStore"):
        assert regolo("config", "--local", key).out == "/former\n"
    assert regolo("config", "--local", "--json").document == {"regolo.store": "/former"}
    assert Handle.open(registry, os.environ).store_url == "/former"
    git(registry, "config", "regolo.store", "/new")
    assert regolo("config", "--local", "regolo.localStore").out == "/new\n"
    assert Handle.open(registry, os.environ).store_url == "/new"


@pytest.mark.parametrize("key", ["regolo.store", "regolo.localStore", "regolo.localstore"])
def test_setting_the_store_writes_its_new_name(
    registry: Path, regolo: Regolo, tmp_path: Path, key: str
) -> None:
    shared = tmp_path / "shared"
    git(registry, "config", "regolo.localStore", "/former")
    assert regolo("config", "--local", key, str(shared)).err == f"created a store at {shared}\n"
    assert git(registry, "config", "--get-regexp", r"^regolo\.").splitlines() == [f"regolo.store {shared}"]
    git(registry, "config", "regolo.localStore", "/former")
    regolo("config", "--local", "--unset", key)
    assert Handle.open(registry, os.environ).store_url == str(registry / ".git/regolo/store")


@pytest.mark.parametrize(("value", "place"), [("../beside", "{top}/../beside"), ("~/store", "{home}/store")])
def test_a_store_set_by_hand_is_the_same_from_every_directory(
    registry: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch, value: str, place: str
) -> None:
    git(registry, "config", "regolo.store", value)
    (registry / "deep").mkdir()
    for directory in (registry, registry / "deep"):
        monkeypatch.chdir(directory)
        found = Handle.open(Path.cwd(), os.environ).store_url
        assert found == place.format(top=registry, home=isolated)


def test_other_peoples_settings_are_git_configs(regolo: Regolo, registry: Path) -> None:
    assert "git config user.name" in regolo("config", "--local", "user.name", "x", status=2).err
    regolo("config", "--unset", status=2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("store.url", "ftp://nowhere/x::y"),
        ("store.url", "s3://key:secret@bucket"),
        ("store", '{digest = "sha256", url = "ftp://nowhere"}'),
        ("store.endpoint", "https://ada:secret@host"),
        ("store.endpoint", "host:9000"),
        ("store.region", "eu central"),
        ("store", '{url = "gs://bucket", endpoint = "https://host"}'),
    ],
)
def test_an_invalid_store_is_not_committed(regolo: Regolo, registry: Path, key: str, value: str) -> None:
    before = git(registry, "rev-parse", "HEAD")
    said = regolo("config", key, value, status=2).err
    assert "store" in said
    assert "secret" not in said
    assert "hint: " in said
    assert git(registry, "rev-parse", "HEAD") == before


def test_the_service_of_the_shared_store_is_set(regolo: Regolo, registry: Path) -> None:
    regolo("config", "store.endpoint", "https://minio.example.com:9000")
    regolo("config", "store.region", "eu-central-1")
    assert "is for a store at s3://" in regolo("config", "store.url", "gs://bucket", status=2).err
    regolo("config", "store.url", "s3://bucket/models")
    regolo("config", "store.write", "through")
    assert "neither push nor through" in regolo("config", "store.write", "pull", status=2).err
    assert regolo("config", "store", "--json").document == {
        "digest": "sha256",
        "endpoint": "https://minio.example.com:9000",
        "region": "eu-central-1",
        "url": "s3://bucket/models",
        "write": "through",
    }
    said = regolo("config", "store.url", "/shared/store", status=2).err
    assert "hint: git regolo config --unset store.endpoint" in said


def test_a_store_that_cannot_be_one_and_is_committed_is_in_the_way_of_nothing(
    regolo: Regolo, registry: Path
) -> None:
    path = registry / ".regolo/config.toml"
    path.write_text(path.read_text() + 'url = "ftp://nowhere/x::y"\n')
    git(registry, "commit", "-qam", "as 0.1 did it")
    assert regolo("config", "store.url").out == "ftp://nowhere/x::y\n"
    regolo("config", "store.digest", "blake3")
    assert "is already a model registry" in regolo("init", "--store", "ftp://nowhere/x::y").err
    regolo("list")
    regolo("config", "store.url", "s3://models/team")
    assert regolo("config", "store.url").out == "s3://models/team\n"


def test_a_clone_cannot_keep_its_bytes_on_a_web_server(regolo: Regolo, registry: Path) -> None:
    assert "cannot write" in regolo("config", "--local", "regolo.store", "https://host/store", status=2).err
    regolo("config", "store.url", "https://host/store")


def test_pushing_at_once_is_a_setting_of_the_clone(regolo: Regolo, registry: Path) -> None:
    del registry
    regolo("config", "--local", "regolo.push", "always")
    assert regolo("config", "--local", "--plain").lines[-1] == "regolo.push\talways"
    assert regolo("config", "--local", "regolo.push").out == "always\n"
    done = regolo("config", "--local", "regolo.push", "sometimes", status=2)
    assert "'regolo.push' is 'sometimes', neither 'always' nor 'never'" in done.err
    regolo("config", "--local", "regolo.push", "--unset")
    regolo("config", "--local", "regolo.push", status=3)
