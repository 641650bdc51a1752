"""The shared store that a repository names is used only once this clone has confirmed it."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from platform import node

import pytest
from support.git_program import git
from support.model_files import write_model

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, StoreAbsent, StoreUnconfirmed
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.store_record import StoreRecord
from regolo_git.records.store_url import StoreAddress, parse_store_address
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.kept_recipes import needed_recipes
from regolo_git.registry.shared_store import described
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore

MINIO = "https://minio.example.com:9000"


@pytest.fixture
def team(tmp_path: Path) -> Path:
    return tmp_path / "team"


@pytest.fixture
def registry(git_repository: Path, team: Path) -> Iterator[Registry]:
    with Registry.init(git_repository, str(team)) as opened:
        yield opened


@pytest.fixture
def colleague(registry: Registry, tmp_path: Path) -> Iterator[Handle]:
    """A clone by git alone."""
    git(tmp_path, "clone", "-q", str(registry.handle.paths.top), "colleague")
    handle = Handle.open(tmp_path / "colleague", {})
    yield handle
    handle.close()


def test_the_format_of_a_store_is_raised_if_the_user_agrees(git_repository: Path, team: Path) -> None:
    LooseStore.create(str(team))  # as 0.1 did it
    asked: list[str] = []
    with Registry.init(git_repository, str(team)) as registry:
        store = registry.handle.shared_stores.open_to_push(lambda _: False)
        assert store is not None
        with pytest.raises(Conflict, match="format 1"):
            store.prepare_packs()
        stores = registry.handle.shared_stores
        store = stores.open_to_push(lambda _: False, lambda question: not asked.append(question))
        assert store is not None
        store.prepare_packs()
        assert asked == [f"Raise the store '{team}' to format 2? Release 0.1 will not be able to use it"]
        store = stores.open_to_push(lambda _: False, lambda question: not asked.append(question))
        assert store is not None
        store.prepare_packs()
        assert len(asked) == 1
    assert 'features = ["packs"]' in (team / "format.toml").read_text()


# -- the confirmation -------------------------------------------------------------------------------------


def test_who_sets_a_store_has_confirmed_it(registry: Registry, team: Path) -> None:
    assert isinstance(registry.handle.shared, SharedStore)
    assert registry.handle.shared.url == str(team)
    assert (team / "format.toml").is_file()


def test_a_registry_without_a_store_has_none(git_repository: Path) -> None:
    with Registry.init(git_repository) as registry:
        assert registry.handle.shared is None
        assert registry.handle.shared_stores.open_to_push(lambda _: False) is None


def test_another_clone_is_refused_until_it_confirms(colleague: Handle, team: Path) -> None:
    with pytest.raises(StoreUnconfirmed, match="names the shared store") as caught:
        _ = colleague.shared
    assert caught.value.exit_code == 8
    assert caught.value.hint == Hint("config", "store.url", str(team))
    assert colleague.shared_stores.confirm_url(str(team))
    assert not colleague.shared_stores.confirm_url(str(team))
    assert colleague.shared is not None


def test_a_question_is_asked_once_in_a_clone(colleague: Handle) -> None:
    questions: list[StoreAddress] = []
    colleague.may_use_store = lambda address: not questions.append(address)
    assert colleague.shared is not None
    with Registry.open(colleague.paths.top) as again:
        assert again.handle.shared is not None
    assert len(questions) == 1


def test_what_is_not_confirmed_is_not_even_looked_at(
    colleague: Handle, team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        pytest.fail("it was opened")

    monkeypatch.setattr("regolo_git.registry.shared_store.files_at", never)
    with pytest.raises(StoreUnconfirmed):
        _ = colleague.shared


def test_a_changed_url_asks_again(registry: Registry, colleague: Handle, team: Path, tmp_path: Path) -> None:
    colleague.shared_stores.confirm_url(str(team))
    change_setting(registry.handle, "store.url", str(tmp_path / "elsewhere"))
    git(colleague.paths.top, "pull", "-q")
    with pytest.raises(StoreUnconfirmed, match="elsewhere"):
        _ = colleague.shared
    change_setting(registry.handle, "store.url", str(team))
    git(colleague.paths.top, "pull", "-q")
    assert colleague.shared is not None  # what was confirmed last


@pytest.mark.parametrize(
    "other",
    [
        parse_store_address("s3://team/models", MINIO, "eu-central-1"),
        parse_store_address("s3://team/models", MINIO),
        parse_store_address("s3://team/models", None, "eu-central-1"),
        parse_store_address("s3://team/models", None, "us-east-1"),
        parse_store_address("s3://team/models", "https://evil.example.com"),
        parse_store_address("s3://team/other"),
        parse_store_address("gs://team/models"),
    ],
    ids=lambda address: described(address).strip("'"),
)
def test_endpoint_and_region_are_confirmed_with_the_url(registry: Registry, other: StoreAddress) -> None:
    stores = registry.handle.shared_stores
    address = parse_store_address("s3://team/models")
    stores.confirm(address)
    assert stores.is_confirmed(address)
    assert not stores.is_confirmed(other)
    stores.confirm(other)
    assert stores.is_confirmed(other)
    assert not stores.is_confirmed(address)


def test_a_url_with_spaces_is_not_taken_for_one_with_an_endpoint(registry: Registry) -> None:
    stores = registry.handle.shared_stores
    stores.confirm(StoreAddress("s3://team/models endpoint=https://x", "s3", "team", path="models"))
    assert not stores.is_confirmed(StoreAddress("s3://team/models", "s3", "team", endpoint="https://x"))
    stores.confirm(StoreAddress("s3://team/a%20b", "s3", "team"))
    assert not stores.is_confirmed(StoreAddress("s3://team/a b", "s3", "team"))


def test_the_confirmation_can_be_given_by_gits_configuration(colleague: Handle, team: Path) -> None:
    git(colleague.paths.top, "config", "--global", "regolo.confirmed", str(team))
    assert colleague.shared is not None


def test_setting_an_endpoint_confirms_only_what_was_confirmed(registry: Registry, colleague: Handle) -> None:
    change_setting(registry.handle, "store.url", "s3://team/models")
    git(colleague.paths.top, "pull", "-q")
    for handle, confirmed in ((registry.handle, True), (colleague, False)):
        change_setting(handle, "store.region", "eu-central-1")
        address = handle.shared_stores.address()
        assert address is not None
        assert handle.shared_stores.is_confirmed(address) is confirmed


def test_only_what_the_registry_names_can_be_confirmed(colleague: Handle, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="names the store"):
        colleague.shared_stores.confirm_url(str(tmp_path / "other"))
    change_setting(colleague, "store.url", None)
    with pytest.raises(InvalidInput, match="names no shared store"):
        colleague.shared_stores.confirm_url(str(tmp_path / "other"))


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "s3://a:b@c", "s3://x/../y", "s3://x?versionId=1", "s3://x::memory://y"]
)
def test_a_url_that_cannot_be_a_store_is_an_error_of_its_own(registry: Registry, url: str) -> None:
    path = registry.handle.paths.top / ".regolo/config.toml"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("url = ")]
    path.write_text("\n".join(kept).replace("[store]", f'[store]\nurl = "{url}"') + "\n")
    git(registry.handle.paths.top, "commit", "-qam", "by hand")
    registry.handle.__dict__.pop("shared", None)
    with pytest.raises(InvalidInput):
        _ = registry.handle.shared


# -- creating it ------------------------------------------------------------------------------------------


def test_a_directory_is_created_by_who_sets_it_and_by_no_push(registry: Registry, team: Path) -> None:
    shutil.rmtree(team)
    with pytest.raises(StoreAbsent, match="is the disk mounted"):
        registry.handle.shared_stores.open_to_push(lambda _: False)
    assert not team.exists()


def test_a_store_elsewhere_is_created_by_the_first_push_but_never_again(registry: Registry) -> None:
    place = f"memory://{secrets.token_hex(8)}"
    change_setting(registry.handle, "store.url", place)
    stores = registry.handle.shared_stores
    with pytest.raises(StoreAbsent):
        stores.open(lambda _: False)
    opened = stores.open_to_push(lambda _: False)
    assert opened is not None
    assert stores.open(lambda _: False) is not None
    opened.files.remove("format.toml")
    with pytest.raises(StoreAbsent):
        stores.open_to_push(lambda _: False)


def test_nothing_is_pushed_to_a_web_server(registry: Registry) -> None:
    change_setting(registry.handle, "store.url", "https://models.example.com/store")
    with pytest.raises(InvalidInput, match="behind a web server"):
        registry.handle.shared_stores.open_to_push(lambda _: True)


def test_a_relative_path_starts_at_the_repository(
    registry: Registry, git_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LooseStore.create(str(tmp_path / "beside"))
    change_setting(registry.handle, "store.url", "../beside")
    monkeypatch.chdir("/")
    assert registry.handle.shared is not None
    assert Path(registry.handle.shared.url).resolve() == (tmp_path / "beside").resolve()


# -- reading ----------------------------------------------------------------------------------------------


def recipe_of_only_version(registry: Registry) -> Digest:
    return read_tagged_manifest(registry.handle, registry.handle.index.all_rows()[0]).artifact.recipe


def copy_store(registry: Registry, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(registry.handle.store_url, to)


def test_a_clone_reads_from_the_shared_store_what_it_lacks(
    registry: Registry, colleague: Handle, team: Path, git_repository: Path
) -> None:
    registry.register_model("m", write_model(git_repository / "m.safetensors", 1.0))
    copy_store(registry, team)
    git(colleague.paths.top, "pull", "-q", "--tags")
    recipe = registry.handle.store.read_recipe(recipe_of_only_version(registry))
    notices: list[str] = []
    colleague._on_notice = notices.append
    assert find_recipe_anywhere(colleague, recipe.address) is None
    assert "names the shared store" in notices[0]
    assert "git regolo config store.url" in notices[0]
    assert len(notices) == 1
    Registry(colleague).confirm_store(str(team))
    assert find_recipe_anywhere(colleague, recipe.address) == recipe
    assert colleague.stores.missing(recipe.chunks) == []
    assert colleague.store.read_recipe(recipe.address) == recipe
    assert colleague.store.missing(recipe.chunks) == list(dict.fromkeys(recipe.chunks))


def test_further_stores_are_read_in_order(
    registry: Registry, git_repository: Path, team: Path, tmp_path: Path
) -> None:
    registry.register_model("m", write_model(git_repository / "m.safetensors", 1.0))
    address = recipe_of_only_version(registry)
    copy_store(registry, tmp_path / "far")
    shutil.rmtree(registry.handle.store_url)
    registry.handle.clone_store.forget()
    git(git_repository, "config", "regolo.remote.near.url", str(tmp_path / "near"))
    git(git_repository, "config", "regolo.remote.far.url", str(tmp_path / "far"))
    notices: list[str] = []
    with Registry(Handle.open(git_repository, {}, notices.append)) as again:
        assert list(again.handle.shared_stores.further()) == ["near", "far"]
        assert find_recipe_anywhere(again.handle, address) is not None
    assert len(notices) == 1
    assert "near' is not there" in notices[0]


# -- who this is ------------------------------------------------------------------------------------------


def test_the_clone_has_a_random_id_and_the_registry_the_one_that_init_gave(
    registry: Registry, colleague: Handle
) -> None:
    ours, theirs = registry.handle.shared_stores, colleague.shared_stores
    assert ours.clone_id() == ours.clone_id() != theirs.clone_id()
    assert ours.registry_id() == theirs.registry_id() == registry.handle.config().registry_id


def test_a_registry_of_the_first_release_is_known_by_its_first_commit(
    registry: Registry, tmp_path: Path
) -> None:
    top = registry.handle.paths.top
    change_setting(registry.handle, "registry.id", None)
    first = git(top, "rev-list", "--max-parents=0", "HEAD").strip()
    assert registry.handle.shared_stores.registry_id() == first
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{top}", "shallow")
    with Registry.open(tmp_path / "shallow") as shallow, pytest.raises(NotFound, match="shallow"):
        shallow.handle.shared_stores.registry_id()


# -- its records ------------------------------------------------------------------------------------------


def test_a_push_records_what_it_is_about_and_what_it_keeps(
    registry: Registry, git_repository: Path, team: Path
) -> None:
    registry.register_model("m", write_model(git_repository / "m.safetensors", 1.0))
    copy_store(registry, team)
    handle, stores = registry.handle, registry.handle.shared_stores
    store = stores.open_to_push(lambda _: False)
    assert store is not None
    address = recipe_of_only_version(registry)
    push = stores.records(store).begin([address], handle.stores.read_recipe)
    assert not push.interrupted
    push.finish(lambda: needed_recipes(handle))
    directory = team / "records" / stores.registry_id() / stores.clone_id()
    written = [StoreRecord.parse(path.read_bytes()) for path in directory.iterdir()]
    assert sorted(record.kind for record in written) == ["done", "intent", "kept"]
    assert {record.recipes for record in written} == {(address.hex,), ()}
    assert {record.host for record in written} == {node()}


def test_what_a_registry_needs_are_the_recipes_of_all_its_versions(
    registry: Registry, git_repository: Path
) -> None:
    registry.register_model("m", write_model(git_repository / "m.safetensors", 1.0))
    registry.create_model_version("m", model_data=write_model(git_repository / "m.safetensors", 2.0))
    recipes = {
        read_tagged_manifest(registry.handle, row).artifact.recipe for row in registry.handle.index.all_rows()
    }
    assert set(needed_recipes(registry.handle) or ()) == recipes
    assert len(recipes) == 2
    path = git_repository / "models/m/manifest.toml"
    path.write_text("cannot be read")
    assert needed_recipes(registry.handle) is None
