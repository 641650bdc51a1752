"""The hooks under the pre-commit framework and under prek: alone, and beside those that are installed natively."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import commit_files, git
from support.hooked import tried
from support.places import ROOT
from support.program import Done

pytestmark = pytest.mark.slow
FRAMEWORKS = ("pre-commit", "prek")
ALL_TYPES = "[pre-commit, pre-merge-commit, pre-push, post-checkout, post-merge]"
LIBRARY = (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE", "regolo_git", "hooks")
IDS = (
    "regolo-manifest", "regolo-no-model-bytes", "regolo-pickle-names", "regolo-policy",
    "regolo-artifacts-pushed", "regolo-post-checkout", "regolo-post-merge",
)  # fmt: skip


def program_of(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The program of a framework; ours is on PATH."""
    found = program_of(request.param)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return found


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this package, as a framework clones it."""
    top = tmp_path_factory.mktemp("library")
    for name in LIBRARY:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, top / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, top / name)
    git(top, "init", "-q", "-b", "main")
    git(top, "add", "--all")
    git(top, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "library")
    return top


def use(top: Path, library: Path, *ids: str, local: bool = True) -> None:
    """Configures hooks of the package; `local` runs the program that is on PATH for all of them."""
    rev = git(library, "rev-parse", "HEAD").strip()
    lines = [
        f"default_install_hook_types: {ALL_TYPES}",
        "repos:",
        f"- repo: {library}",
        f"  rev: {rev}",
        "  hooks:",
    ]
    for each in ids:
        lines.append(f"  - id: {each}")
        lines += ["    language: system"] if local else []
    commit_files(top, {".pre-commit-config.yaml": "\n".join(lines) + "\n"})


def run(program: str, top: Path, *arguments: str) -> tuple[int, str]:
    import subprocess

    done: Done = subprocess.run(
        [program, *arguments],
        cwd=top,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def edited(top: Path) -> None:
    manifest = top / "models/m/manifest.toml"
    manifest.write_text(manifest.read_text().replace("0.92", "0.99"))


def test_every_check_runs_on_all_files_and_on_what_is_staged(
    framework: str, two_versions: Path, library: Path
) -> None:
    use(two_versions, library, *IDS)
    status, said = run(framework, two_versions, "run", "--all-files")
    assert status == 0, said
    assert said.count("Passed") >= 4
    edited(two_versions)
    (two_versions / "odd $x\n'name.pt").write_bytes(b"weights")
    git(two_versions, "add", "--all", "--force", "models", "odd $x\n'name.pt")
    status, said = run(framework, two_versions, "run")
    assert status != 0
    assert "its seal is of other content" in said
    assert "'odd $x\\n'name.pt' is a file of a model" in said
    assert "gate" in said or "is taken" in said


def test_a_commit_that_only_removes_a_manifest_is_seen(
    framework: str, two_versions: Path, library: Path
) -> None:
    use(two_versions, library, *IDS)
    git(two_versions, "rm", "-q", "models/m/manifest.toml")
    status, said = run(framework, two_versions, "run")
    assert status != 0
    assert "was removed without the rest of 'models/m' (model.toml)" in said


def test_commits_merges_and_pushes_run_both_kinds_of_hooks(
    framework: str, two_versions: Path, library: Path, regolo: Regolo, tmp_path: Path
) -> None:
    use(two_versions, library, *IDS)
    git(tmp_path, "clone", "-q", "--bare", str(two_versions), "host.git")
    git(two_versions, "remote", "add", "origin", str(tmp_path / "host.git"))
    regolo("hooks", "install")
    status, said = run(framework, two_versions, "install")
    assert status == 0, said
    assert all(each["state"] == "installed" for each in regolo("hooks", "status", "--json").document)  # type: ignore[attr-defined]
    regolo("hooks", "install")  # renews ours where the framework keeps it
    (two_versions / "a.txt").write_text("1\n")
    git(two_versions, "add", "a.txt")
    status, said = tried(two_versions, "commit", "-q", "-m", "plain")
    assert status == 0, said
    edited(two_versions)
    status, said = tried(two_versions, "commit", "-q", "-a", "-m", "edited")
    assert status != 0
    assert "its seal is of other content" in said
    git(two_versions, "checkout", "-q", "--", "models")
    git(two_versions, "tag", "-f", "-a", "-m", "moved", "m@v1.0", "HEAD")
    status, said = tried(two_versions, "push", "-q", "--force", "origin", "main", "m@v1.0")
    assert status != 0
    assert "tag 'm@v1.0' would move" in said
    status, said = tried(two_versions, "push", "-q", "origin", "main")
    assert status == 0, said
    status, said = tried(two_versions, "switch", "-q", "-c", "old", "HEAD~1")
    assert status == 0, said
    status, said = tried(two_versions, "merge", "-q", "--no-ff", "-m", "merged", "main")
    assert status == 0, said


def test_ours_installed_after_a_framework_run_it_and_give_way_again(
    framework: str, two_versions: Path, library: Path, regolo: Regolo
) -> None:
    use(two_versions, library, "regolo-no-model-bytes")
    assert run(framework, two_versions, "install")[0] == 0
    theirs = (two_versions / ".git/hooks/pre-commit").read_text()
    regolo("hooks", "install")
    (two_versions / "a.pt").write_bytes(b"weights")
    git(two_versions, "add", "--force", "a.pt")
    status, said = tried(two_versions, "commit", "-q", "-m", "weights")
    assert status != 0
    assert "no bytes of models in Git" in said  # the framework's line: it ran first
    # Installed again it runs ours, which must not run it in turn.
    assert run(framework, two_versions, "install")[0] == 0
    status, said = tried(two_versions, "commit", "-q", "-m", "weights")
    assert status != 0
    git(two_versions, "rm", "-q", "-f", "--cached", "a.pt")
    status, said = tried(two_versions, "commit", "-q", "--allow-empty", "-m", "empty")
    assert status == 0, said
    assert run(framework, two_versions, "uninstall")[0] == 0
    regolo("hooks", "uninstall")
    left = two_versions / ".git/hooks/pre-commit"
    assert not left.exists() or left.read_text() == theirs


def test_the_framework_knows_one_ref_of_a_push(
    framework: str, two_versions: Path, library: Path, tmp_path: Path, regolo: Regolo
) -> None:
    regolo("config", "store.url", str(tmp_path / "shared"))
    git(tmp_path, "clone", "-q", "--bare", str(two_versions), "host.git")
    git(two_versions, "remote", "add", "origin", str(tmp_path / "host.git"))
    git(two_versions, "fetch", "-q", "origin")
    use(two_versions, library, "regolo-artifacts-pushed")
    (two_versions / "model.safetensors").write_bytes(b"third")
    regolo("commit", "m", "model.safetensors")
    assert run(framework, two_versions, "install")[0] == 0
    status, said = tried(two_versions, "push", "-q", "origin", "main")
    assert status != 0, said
    assert "the bytes of 'm@1.2' are not in the shared store" in said


def test_ids_that_read_text_alone_run_in_an_environment_of_their_own(
    framework: str, two_versions: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(two_versions, library, "regolo-manifest", "regolo-no-model-bytes", local=False)
    monkeypatch.setenv("UV_NATIVE_TLS", "1")
    status, said = run(framework, two_versions, "run", "--all-files")
    if "hatchling" in said:
        pytest.skip("the packages of an environment cannot be had here")
    assert status == 0, said
    assert said.count("Passed") == 2
    edited(two_versions)
    git(two_versions, "add", "models")
    assert run(framework, two_versions, "run")[0] != 0
