"""The workflows of `git regolo ci`: their rights, and their steps, run against a real bare repository."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.git_program import clone, git
from support.github_api import GitHubApi, github_api
from support.registry_fixtures import Weights

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput
from regolo_git.records.config import RegistryConfig
from regolo_git.reviews.ci_workflow import HOSTS, Host, Program, workflow

SHA256 = "ab" * 32
PROGRAM = Program(SHA256)
BUCKET = RegistryConfig(store_url="s3://bucket/models", lines=("release/*",))
STORES = {
    "directory": RegistryConfig(),
    "s3": BUCKET,
    "gs": replace(BUCKET, store_url="gs://bucket/models"),
    "az": replace(BUCKET, store_url="az://container/models"),
}


def parsed(host: Host, config: RegistryConfig = BUCKET) -> dict[Any, Any]:
    found = yaml.safe_load(workflow(host, config, PROGRAM))
    assert isinstance(found, dict)
    return found


def steps(job: str, config: RegistryConfig = BUCKET) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parsed("github", config)["jobs"][job]["steps"]
    return found


def scripts(host: Host, config: RegistryConfig) -> Iterator[str]:
    if host == "script":
        yield workflow(host, config, PROGRAM)
        return
    found = parsed(host, config)
    for job in (found["jobs"] if host == "github" else found).values():
        if host == "github":
            yield from (step["run"] for step in job["steps"])
        else:
            yield from (line for part in ("before_script", "script") for line in job.get(part, ()))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("store", STORES)
def test_every_script_is_one_that_bash_can_read(host: Host, store: str) -> None:
    found = list(scripts(host, STORES[store]))
    assert found
    done = subprocess.run(["bash", "-n"], input="\n".join(found), text=True, capture_output=True, check=False)
    assert done.stderr == ""
    assert "@" not in "".join(found).replace("@$CI_SERVER_HOST", "").replace("tags@users", "").replace(
        "$@", ""
    )


def test_on_github_who_reads_cannot_write_and_who_writes_reads_nothing() -> None:
    found = parsed("github")
    jobs = found["jobs"]
    assert found["permissions"] == {}
    assert jobs["judge"]["permissions"] == {"contents": "read"}
    assert jobs["post"]["permissions"] == {"pull-requests": "write", "statuses": "write"}
    assert jobs["tag"]["permissions"] == {"contents": "write"}
    text = workflow("github", BUCKET, PROGRAM)
    assert re.search(r"^[ -]*uses:", text, re.MULTILINE) is None, "an action would have to be pinned"
    assert "checkout" not in text.replace("checks anything out", "")
    assert not any("git " in step["run"] for step in steps("post"))
    assert "secrets" not in str(jobs["post"])


def test_no_script_has_a_strangers_text_in_it() -> None:
    """An expression is replaced before the shell reads the script, whatever it is replaced by."""
    for job in ("judge", "post", "tag"):
        for step in steps(job):
            assert "${{" not in step["run"]


def test_the_program_is_installed_by_version_and_hash() -> None:
    for host in HOSTS:
        text = workflow(host, BUCKET, PROGRAM)
        assert "--require-hashes" in text
        assert SHA256 in text
        assert "[s3]" in text
    with pytest.raises(InvalidInput, match="64 digits"):
        Program("abc")
    with pytest.raises(InvalidInput, match="cannot be named"):
        workflow("github", replace(BUCKET, branch="a'b"), PROGRAM)


# -- the steps of GitHub, run -----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def program_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of this environment, as the step that installs it leaves it."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def run_step(step: Mapping[str, Any], cwd: Path, **environ: str) -> None:
    given = {name: environ[name] for name in step.get("env", {}) if name in environ}
    always = {name: environ[name] for name in environ if name.startswith(("GITHUB_", "RUNNER_"))}
    subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=cwd, check=True, env={**os.environ, **given, **always}
    )


@pytest.fixture
def host(registry: Registry, weights: Weights, tmp_path: Path) -> Path:
    """A host with `m@1.0` on main, and pull request 7, which proposes 1.1."""
    top = registry.handle.paths.top
    registry.register_model("m", weights(), metadata={"accuracy": 0.95})
    git(top, "switch", "-qc", "change")
    registry.create_model_version("m", model_data=weights(fill=2.0), metadata={"accuracy": 0.97})
    bare = clone(top, tmp_path / "host.git", "--bare")
    git(bare, "update-ref", "refs/pull/7/head", "change")
    git(bare, "branch", "-q", "-D", "change")
    return bare


def named(job: str, name: str) -> dict[str, Any]:
    (found,) = (step for step in steps(job, RegistryConfig()) if step["name"] == name)
    return found


def outputs(path: Path) -> dict[str, str]:
    """As GitHub reads them: `name=value`, or `name<<END` up to a line that is END."""
    found, lines = {}, iter(path.read_text().split("\n"))
    for line in lines:
        name, heredoc, end = line.partition("<<")
        if heredoc:
            found[name] = "\n".join(iter(lambda: next(lines), end))
        elif line:
            found[line.partition("=")[0]] = line.partition("=")[2]
    return found


def judged(host: Path, work: Path, store: str) -> dict[str, str]:
    environ = {
        "TOKEN": "t",
        "REPOSITORY": f"file://{host}",
        "NUMBER": "7",
        "BASE_REF": "main",
        "HEAD": git(host, "rev-parse", "refs/pull/7/head").strip(),
        "GITHUB_OUTPUT": str(work / "output"),
        "GITHUB_STEP_SUMMARY": str(work / "summary"),
    }
    run_step(named("judge", "Fetch objects"), work, **environ)
    if store:
        git(work / "registry.git", "config", "regolo.store", store)
    run_step(named("judge", "Review"), work, **environ)
    return outputs(work / "output")


def posted(api: GitHubApi, comment: str, status: str) -> None:
    step = named("post", "Post the comment and the status")
    environ = {"COMMENT": comment, "STATUS": status, "TOKEN": "t", "API": api.url, "NUMBER": "7"}
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env={**os.environ, **environ, "HEAD": "f" * 40, "RUN": "https://ci.example/1"},
        check=False,
    )
    assert done.returncode == (status == "")


@pytest.mark.slow
def test_the_judge_reads_a_pull_request_and_hands_on_a_comment(
    host: Path, registry: Registry, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    found = judged(host, work, str(registry.handle.paths.top / ".git/regolo/store"))
    assert found["status"] == "0"
    assert found["comment"].startswith("<!-- regolo-review v1 head=")
    assert "Ready to merge" in found["comment"]
    again = "`git fetch origin pull/7/head && git regolo review main..FETCH_HEAD`"
    assert again in found["comment"]
    assert (work / "summary").read_text().strip() == found["comment"].strip()


@pytest.mark.slow
def test_a_forks_missing_bytes_are_not_judged(host: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    found = judged(host, work, "")
    assert found["status"] == "6"
    assert "### Not judged" in found["comment"]
    assert "git regolo remote add" in found["comment"]


@pytest.mark.slow
def test_there_is_one_comment_and_a_status_for_each_run() -> None:
    comment = (
        "<!-- regolo-review v1 head=1111111aaa base=2 verdict=fail -->\n### Not ready: 1 of 1 gate fails\n\nx"
    )
    with github_api() as api:
        api.add("stranger", comment)
        posted(api, comment, "8")
        posted(api, comment.replace("Not ready: 1 of 1 gate fails", "Ready to merge"), "0")
        assert [each["user"]["login"] for each in api.comments] == ["stranger", "github-actions[bot]"]
        assert "Ready to merge" in api.comments[1]["body"]
        assert api.comments[0]["body"] == comment
        posted(api, "", "")
        lines = api.comments[1]["body"].split("\n")
        assert lines[1] == "### Not judged: the review of fffffff died; this shows 1111111"
        assert lines[2:] == ["", "x"]
        assert [status["state"] for _, status in api.statuses] == ["failure", "success", "error"]
        assert {commit for commit, _ in api.statuses} == {"f" * 40}
        assert api.statuses[0][1]["description"] == "Not ready: 1 of 1 gate fails"
        assert api.tokens == {"Bearer t"}


@pytest.mark.slow
def test_where_no_model_changes_nothing_is_posted_but_the_status() -> None:
    with github_api() as api:
        posted(api, "<!-- regolo-review v1 head=1 base=2 verdict=pass -->\n### Nothing to review: no", "0")
        assert api.comments == []
        assert [status["state"] for _, status in api.statuses] == ["success"]


@pytest.mark.slow
@pytest.mark.parametrize("signed", [False, True])
def test_merged_versions_are_tagged_and_their_tags_pushed(
    signed: bool, host: Path, registry: Registry, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    git(host, "update-ref", "refs/heads/main", "refs/pull/7/head")
    work = tmp_path / "work"
    work.mkdir()
    environ = {"TOKEN": "t", "REPOSITORY": f"file://{host}", "GITHUB_REF_NAME": "main"}
    environ["SIGNING_KEY"] = key.read_text() if signed else ""
    run_step(named("tag", "Fetch objects"), work, **environ)
    store = str(registry.handle.paths.top / ".git/regolo/store")
    git(work / "registry.git", "config", "regolo.store", store)
    run_step(named("tag", "Tag merged versions"), work, **environ)
    assert git(host, "tag", "-l", "m@v1.1").strip() == "m@v1.1"
    assert ("BEGIN SSH SIGNATURE" in git(host, "cat-file", "tag", "m@v1.1")) is signed


@pytest.mark.slow
def test_the_script_reviews_on_any_host(host: Path, registry: Registry, tmp_path: Path) -> None:
    script = tmp_path / "regolo-review.sh"
    script.write_text(workflow("script", RegistryConfig(), PROGRAM))
    store = str(registry.handle.paths.top / ".git/regolo/store")
    git(tmp_path, "config", "--global", "regolo.store", store)
    done = subprocess.run(
        ["bash", str(script), "main", "refs/pull/7/head", f"file://{host}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Ready to merge")
    assert (tmp_path / "regolo.md").read_text().startswith("<!-- regolo-review v1 ")
    assert (tmp_path / "regolo.xml").read_text().startswith("<?xml")
