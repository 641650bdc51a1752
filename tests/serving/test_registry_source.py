"""The engine's view of a real registry: what the branch says, and bytes that are brought and checked."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import git
from support.running_engine import until
from support.running_registry import ServedRegistry, serving

from regolo_git.artifacts.disk_digest import disk_digest
from regolo_git.errors import NotFound
from regolo_git.records.endpoint import PinnedVersion
from regolo_git.registry.handle import Handle
from regolo_git.serving.registry_source import RegistrySource
from regolo_git.text.commits import person

pytestmark = pytest.mark.slow  # CI runs it, too


@pytest.fixture
def served(tmp_path: Path) -> ServedRegistry:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0")
    served.version("1.1")
    served.endpoint("1.0")
    return served


@pytest.fixture
def source(served: ServedRegistry, tmp_path: Path) -> RegistrySource:
    return RegistrySource(lambda: Handle.open(served.top, os.environ), tmp_path / "artifacts")


def pinned(source: RegistrySource) -> PinnedVersion:
    return source.endpoints(source.head()).by_name["e"].versions["1.0"]


def test_the_head_is_that_of_the_registry_branch(served: ServedRegistry, source: RegistrySource) -> None:
    assert source.head() == served.head
    after = served.traffic({"1.0": 50, "1.1": 50})
    assert source.head() == after
    assert source.endpoints(after).by_name["e"].traffic == {"1.0": 0.5, "1.1": 0.5}


def test_the_changes_of_an_endpoint_are_the_newest_commits(
    served: ServedRegistry, source: RegistrySource, tmp_path: Path
) -> None:
    for share in (10, 20, 30):
        served.traffic({"1.0": 100 - share, "1.1": share})
    found = source.changes("e", source.head(), 2)
    assert [event.endpoint.traffic["1.1"] for event in found.events if event.endpoint] == [0.3, 0.2]
    assert (found.problem, source.changes("nobody", source.head(), 2).events) == (None, ())
    file = served.top / "endpoints" / "e.toml"
    served.write_by_hand("endpoints/e.toml", f"# by hand\n{file.read_text()}")
    git(served.top, "commit", "-q", "--amend", "-m", "roll back\n\nRegolo-Evidence: 8.2 of 4.6")
    assert source.changes("e", source.head(), 1).events[0].evidence == "8.2 of 4.6"
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{served.top}", "shallow")
    shallow = RegistrySource(lambda: Handle.open(tmp_path / "shallow", os.environ), tmp_path / "there")
    found = shallow.changes("e", shallow.head(), 30)
    assert found.events
    assert "shallow" in (found.problem or "")


def test_the_page_of_a_registry_shows_its_commits_for_a_token(served: ServedRegistry, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    served.registry.update_endpoint_traffic("e", {"1.0": 50, "1.1": 50}, message="<script>alert(1)</script>")
    with serving(served.top, "--token-file", str(token), "--page") as engine:
        assert engine.ask("GET", "/page").status == 200
        assert engine.ask("GET", "/page/data.json").status == 401
        asked = {"Authorization": "Bearer secret"}
        shown = engine.ask("GET", "/page/data.json?endpoint=e", None, asked).json["endpoint"]
        newest, oldest = shown["changes"]["events"]  # type: ignore[index,call-overload]
        assert (newest["message"], newest["by"]) == ("<script>alert(1)</script>", person(newest["by"]))
        assert (newest["traffic"], oldest["action"]) == ({"1.0": 0.5, "1.1": 0.5}, "create-endpoint")
        assert newest["commit"] == served.head
        assert "curl -sS -H &quot;Authorization" in engine.ask("GET", "/docs", None, asked).body.decode()


def test_a_thread_opens_one_handle_and_keeps_it(served: ServedRegistry, tmp_path: Path) -> None:
    opened: list[Handle] = []

    def open_handle() -> Handle:
        opened.append(Handle.open(served.top, os.environ))
        return opened[-1]

    source = RegistrySource(open_handle, tmp_path / "artifacts")
    for _ in range(3):
        source.endpoints(source.head())
    assert len(opened) == 1
    with ThreadPoolExecutor(1) as pool:
        pool.submit(source.head).result()
        pool.submit(source.head).result()
    assert len(opened) == 2


def test_bytes_are_brought_once_and_again_after_they_were_discarded(source: RegistrySource) -> None:
    files = source.fetch("m", pinned(source))
    assert (files.path / "serve.py").read_text().startswith("# 1.0\n")
    assert files.serving is not None
    assert files.serving["entry_point"] == "serve:load"
    written = (files.path / "serve.py").stat().st_mtime_ns
    assert source.fetch("m", pinned(source)) == files
    assert (files.path / "serve.py").stat().st_mtime_ns == written
    source.keep_only([])
    assert not files.path.exists()
    assert source.fetch("m", pinned(source)) == files
    assert files.path.exists()


@pytest.mark.parametrize("name", ["serve.py", "cache.json", "inside/cache.json"])
def test_bytes_that_were_changed_where_they_were_brought_to_are_brought_again(
    source: RegistrySource, name: str
) -> None:
    files = source.fetch("m", pinned(source))
    (files.path / "inside").mkdir()
    (files.path / name).write_text("written by somebody")
    assert source.fetch("m", pinned(source)) == files
    assert disk_digest(files.path, "sha256") == files.digest


def test_a_commit_or_a_model_that_is_not_there(source: RegistrySource) -> None:
    pin = pinned(source)
    with pytest.raises(NotFound):
        source.fetch("other", pin)
    with pytest.raises(NotFound):
        source.fetch("m", PinnedVersion("0" * 40, pin.digest, 1))


def test_a_broken_file_is_named_beside_the_others(served: ServedRegistry, source: RegistrySource) -> None:
    broken = served.write_by_hand("endpoints/e.toml", "format = 1\n")
    served.registry.create_endpoint("f", "m", "1.1")
    found = source.endpoints(source.head())
    assert list(found.by_name) == ["f"]
    assert found.broken.keys() == {"endpoints/e.toml"}
    assert source.endpoints(broken).broken.keys() == {"endpoints/e.toml"}


def test_bytes_that_are_missing_are_asked_for_until_they_come(served: ServedRegistry, tmp_path: Path) -> None:
    with serving(served.top) as engine:
        engine.until_serving("e", served.head)
    # What the engine had brought, and the store that it came from.
    shutil.rmtree(served.top / ".git/regolo/serving")
    store, aside = served.top / ".git/regolo/store", tmp_path / "aside"
    store.rename(aside)
    with serving(served.top) as engine:
        assert engine.until_failed("e")["problem"]
        assert engine.predict([1]).status == 503
        shutil.rmtree(store, ignore_errors=True)
        aside.rename(store)
        engine.until_serving("e", served.head)
        assert engine.predict([1]).status == 200


def test_a_branch_that_was_away_is_followed_again(served: ServedRegistry) -> None:
    def away_and_back() -> None:
        commit, before = served.head, engine.status()["problem"]
        git(served.top, "update-ref", "-d", "refs/heads/main")
        until(lambda: engine.status()["problem"] != before)
        assert engine.predict([1]).status == 200
        git(served.top, "update-ref", "refs/heads/main", commit)
        until(lambda: engine.status()["problem"] == before)

    with serving(served.top) as engine:
        engine.until_serving("e", served.head)
        away_and_back()
        engine.until_serving("e", served.traffic({"1.0": 1.0}, replicas=2))
        served.write_by_hand("endpoints/e.toml", "no endpoint")
        until(lambda: engine.status()["problem"])
        # What is wrong with a commit is wrong for as long as the branch is at it.
        away_and_back()


def test_what_an_engine_before_this_one_brought_goes_when_nothing_serves_it(served: ServedRegistry) -> None:
    artifacts = served.top / ".git/regolo/serving/artifacts"

    def digests() -> set[str]:
        return {place.name for place in artifacts.iterdir()}

    served.traffic({"1.0": 0.5, "1.1": 0.5})
    with serving(served.top) as engine:
        engine.until_serving("e", served.head)
    assert len(digests()) == 2
    served.traffic({"1.0": 1.0})
    with serving(served.top) as engine:
        engine.until_serving("e", served.head)
        until(lambda: len(digests()) == 1)
        assert engine.predict([1]).status == 200
