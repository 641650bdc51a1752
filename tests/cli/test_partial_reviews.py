"""A team whose clones are partial: proposals are listed, reviewed, committed, pushed, merged and tagged.

What is missing is fetched in few round trips, and without the remote an error says what helps.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, commit_files, git
from support.hooked import tried
from support.servers.git_http import PASSWORD, USER, GitHttp

from regolo_git.api import Registry

pytestmark = pytest.mark.slow  # CI runs it, too

FILTERS = ("blob:none", "tree:0")
MANY = 6
MEASURED = {"value": 0.92, "n": 5000}
GATE = '\n[metrics.accuracy]\ndirection = "higher"\n\n[gates.accuracy]\nmin = 0.9\n'
MAIN = "main..origin/propose/many"
VERBS = (
    ("list", MAIN), ("diff", MAIN), ("review", MAIN), ("fsck",), ("history", "n1"),
    ("list", "--where", "accuracy > 0.9", MAIN),
)  # fmt: skip
Partial = Callable[..., Path]


@pytest.fixture
def host(git_repository: Path, tmp_path: Path) -> Path:
    """A bare repository with many models, and a branch with a version more of each."""
    top = git_repository
    with Registry.init(top, str(tmp_path / "shared")) as registry:
        for number in range(MANY):
            registry.register_model(f"n{number}", b"first %d" % number, metrics={"accuracy": MEASURED})
            card = top / f"models/n{number}/model.toml"
            card.write_text(card.read_text() + GATE)
        registry.promote_model_version("n1", "1.0", "staging")
        git(top, "commit", "-q", "-a", "-m", "gates")
        git(top, "clone", "-q", "--bare", str(top), str(tmp_path / "host.git"))
        git(top, "remote", "add", "origin", str(tmp_path / "host.git"))
        git(top, "switch", "-q", "-c", "propose/many")
        for number in range(MANY):
            data = b"second %d" % number
            registry.create_model_version(f"n{number}", model_data=data, metrics={"accuracy": MEASURED})
        registry.push(yes=True)
    git(top, "switch", "-q", "main")
    host = tmp_path / "host.git"
    git(host, "config", "uploadpack.allowFilter", "true")
    git(host, "config", "http.receivepack", "true")
    return host


@pytest.fixture
def partial(regolo: Regolo, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partial:
    """Makes a partial clone that has confirmed the shared store, and goes there."""

    def make(kind: str, *options: str) -> Path:
        top = clone(host, tmp_path / "partial", f"--filter={kind}", *options)
        monkeypatch.chdir(top)
        regolo("config", "store.url", str(tmp_path / "shared"))
        git(top, "config", "gc.auto", "0")
        return top

    return make


def fetches(top: Path) -> int:
    return len(list((top / ".git/objects/pack").glob("*.promisor")))


@pytest.mark.parametrize("kind", FILTERS)
def test_what_many_models_have_changed_is_fetched_at_once(
    regolo: Regolo, host: Path, partial: Partial, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    whole = clone(host, host.parent / "whole")
    git(whole, "config", "regolo.store", str(host.parent / "shared"))
    for verb in VERBS:
        top = partial(kind)
        before = fetches(top)
        done = regolo(*verb)
        assert fetches(top) - before <= 4, verb
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(whole)
            assert regolo(*verb).out == done.out
        monkeypatch.chdir(host)
        shutil.rmtree(top)


@pytest.mark.parametrize("kind", FILTERS)
def test_proposals_that_wait_are_fetched_at_once_or_not_at_all(
    regolo: Regolo, host: Path, git_repository: Path, partial: Partial, kind: str
) -> None:
    for number in range(MANY):
        with Registry.open(git_repository) as registry:
            registry.create_model_version(f"n{number}", model_data=b"proposed", flow="propose")
            registry.push()
    top = partial(kind)
    before = fetches(top)
    host.rename(host.with_name("away"))
    for verb in (("list", "n1"), ("list",)):
        done = regolo(*verb)
        assert "n1" in done.out
        assert "note: proposals could not be read: object '" in done.err
        assert "(git fetch --refetch --no-filter)" in done.err
    host.with_name("away").rename(host)
    assert f"and {MANY - 2} more proposals" in regolo("list").err
    assert fetches(top) - before <= 2


@pytest.mark.parametrize("verb", [("history", "n1"), ("review", MAIN)], ids=" ".join)
def test_without_the_remote_an_error_says_what_helps(
    regolo: Regolo, host: Path, partial: Partial, verb: tuple[str, ...]
) -> None:
    partial("tree:0")
    host.rename(host.with_name("away"))
    refused = regolo(*verb, status=6)
    assert "does not appear to be a git repository" in refused.err
    assert "hint: git fetch --refetch --no-filter" in refused.err
    host.with_name("away").rename(host)
    regolo(*verb)


def test_what_the_remote_has_no_longer_is_not_called_damaged(
    regolo: Regolo, host: Path, partial: Partial
) -> None:
    partial("blob:none")
    git(host, "update-ref", "-d", "refs/heads/propose/many")
    git(host, "reflog", "expire", "--expire=now", "--all")
    git(host, "gc", "-q", "--prune=now")
    refused = regolo("diff", MAIN, status=3)
    assert "is not in this partial clone, and remote 'origin' has it no longer" in refused.err
    assert "hint: git fetch --prune origin" in refused.err
    assert "Not judged" in regolo("review", MAIN, status=6).out
    regolo("list")


@pytest.fixture
def by_http(host: Path, isolated: Path) -> Iterator[str]:
    helper = f"!f() {{ echo username={USER}; echo 'password={PASSWORD}'; }}; f"
    git(isolated, "config", "--global", "credential.helper", helper)
    with GitHttp(host.parent).running() as server:
        yield server.url(host)


@pytest.mark.parametrize(("kind", "way"), [("blob:none", "file"), ("tree:0", "http")])
def test_a_change_goes_from_a_partial_clone_through_hooks_to_a_server(
    regolo: Regolo, host: Path, partial: Partial, by_http: str, kind: str, way: str
) -> None:
    with pytest.MonkeyPatch.context() as at_host:
        at_host.chdir(host)
        regolo("hooks", "install", "--server")
    top = partial(kind)
    if way == "http":
        git(top, "remote", "set-url", "origin", by_http)
    regolo("hooks", "install")
    (top / "weights").write_text("third")
    regolo("commit", "n1", "weights", "--metric", "accuracy=0.95,n=5000", "--propose")
    regolo("push")
    proposed = git(top, "branch", "--list", "--format=%(refname:short)", "propose/*").strip()
    git(top, "merge", "-q", "--no-ff", "-m", "merge n1", proposed)
    assert "tagged n1@v1." in regolo("tag", "--merged").err
    assert tried(top, "push", "-q", "origin", "main", "--tags") == (0, "")
    manifest = top / "models/n1/manifest.toml"
    manifest.write_text(manifest.read_text().replace("0.95", "0.99"))
    status, said = tried(top, "commit", "-q", "-a", "-m", "better")
    assert status != 0
    assert "its seal is of other content" in said
    git(top, "commit", "-q", "--no-verify", "-a", "-m", "better")
    status, said = tried(top, "push", "origin", "main")
    assert status != 0
    assert "remote: error: 'models/n1/manifest.toml' cannot be accepted" in said


@pytest.mark.parametrize("kind", FILTERS)
def test_records_are_merged_by_key_in_a_partial_clone(
    regolo: Regolo, git_repository: Path, partial: Partial, kind: str
) -> None:
    path = "models/n1/model.toml"
    text = (git_repository / path).read_text()
    commit_files(git_repository, {path: text.replace("min = 0.9\n", "min = 0.8\n")})
    git(git_repository, "push", "-q", "origin", "main")
    top = partial(kind)
    regolo("doctor")  # configures the driver
    git(top, "switch", "-q", "-c", "topic", "origin/main~1")
    commit_files(top, {path: text.replace("min = 0.9\n", "min = 0.9\nrequired = true\n")})
    path_with_program = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert tried(top, "merge", "-q", "-m", "merged", "origin/main", PATH=path_with_program)[0] == 0
    assert "min = 0.8\nrequired = true\n" in (top / path).read_text()


@pytest.mark.parametrize("kind", FILTERS)
def test_a_server_that_is_a_partial_mirror_judges_a_push(
    regolo: Regolo, host: Path, git_repository: Path, tmp_path: Path, kind: str
) -> None:
    mirror = clone(host, tmp_path / "mirror.git", f"--filter={kind}", "--bare")
    with pytest.MonkeyPatch.context() as at_mirror:
        at_mirror.chdir(mirror)
        regolo("hooks", "install", "--server")
    with Registry.open(git_repository) as registry:
        registry.create_model_version("n1", model_data=b"worse", metrics={"accuracy": 0.8})
    status, said = tried(git_repository, "push", str(mirror), "main")
    assert status != 0
    assert "gate 'accuracy' of 'n1' fails" in said
