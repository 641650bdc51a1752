"""No filter, encoding or line ending of Git changes the registry's records, in this clone or in a new one."""

import subprocess
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, git
from support.model_files import write_model

from regolo_git.registry.record_attributes import FORMER_LINES, LINES

LFS = "models/** filter=lfs diff=lfs merge=lfs -text\n"


@pytest.fixture(autouse=True)
def loud_filter(isolated: Path) -> None:
    """A filter that replaces what it cleans, as Git LFS does, in every repository of the test."""
    for key, value in (("clean", "tr a-z x"), ("smudge", "tr x y"), ("required", "true")):
        git(isolated, "config", "--global", f"filter.lfs.{key}", value)


@pytest.fixture
def top(git_repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(git_repository)
    return git_repository


def commit_attributes(top: Path, text: str, path: str = ".gitattributes") -> None:
    place = top / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text((place.read_text() if place.exists() else "") + text)
    git(top, "add", path)
    git(top, "commit", "-qm", "attributes")


def register(regolo: Regolo, top: Path) -> None:
    write_model(top / "model.safetensors", 1)
    regolo("register", "m", "model.safetensors")


def findings(regolo: Regolo, *arguments: str) -> list[tuple[str, str]]:
    return [(found["kind"], found["what"]) for found in regolo("doctor", "--json", *arguments).document]


def must_be_plain(top: Path, tmp_path: Path) -> None:
    """The tree is clean for whoever adds everything, and a clone has the records' own bytes."""
    for path in top.rglob("*.toml"):
        path.touch()
    assert git(top, "status", "--porcelain") == ""
    git(top, "add", "-A")
    assert git(top, "status", "--porcelain") == ""
    other = clone(top, tmp_path / "other")
    for path in git(top, "ls-files", "*.toml").split():
        assert (other / path).read_bytes() == (top / path).read_bytes()
        assert git(top, "show", f"HEAD:{path}").encode() == (top / path).read_bytes()


@pytest.mark.parametrize(
    "line",
    [
        LFS,
        "* filter=lfs\n",
        "*.toml filter=lfs -text\n",
        "[attr]weights filter=lfs diff=lfs merge=lfs -text\nmodels/** weights\n",
        "models/** working-tree-encoding=UTF-16 ident eol=crlf\n",
        "* text=auto eol=crlf\n",
    ],
)
def test_init_keeps_records_out_of_earlier_filters(
    top: Path, regolo: Regolo, tmp_path: Path, line: str
) -> None:
    (top / ".gitattributes").write_text(line)
    (top / "code.py").write_text("x\n")
    subprocess.run(["git", "-c", "filter.lfs.clean=cat", "add", "-A"], cwd=top, check=True)
    subprocess.run(["git", "commit", "-qm", "attributes"], cwd=top, check=True)
    regolo("init")
    register(regolo, top)
    regolo("promote", "m@1.0", "production")
    shown = git(
        top, "check-attr", "filter", "ident", "working-tree-encoding", "merge", "--", "models/m/model.toml"
    )
    values = [line.rpartition(": ")[2] for line in shown.splitlines()]
    assert values == ["unset", "unset", "unset", "regolo"], shown
    assert git(top, "check-attr", "eol", "--", "endpoints/new.toml") == "endpoints/new.toml: eol: lf\n"
    assert git(top, "status", "--porcelain", "--", "models", "environments", ".regolo") == ""
    for path in top.glob("*/**/*.toml"):
        path.touch()
    assert git(top, "status", "--porcelain", "--", "models", "environments", ".regolo") == ""


def test_the_users_own_files_keep_their_filter(top: Path, regolo: Regolo) -> None:
    commit_attributes(top, LFS)
    regolo("init")
    (top / "models/m").mkdir(parents=True)
    (top / "models/m/weights.bin").write_bytes(b"abc\r\n")
    git(top, "add", "models/m/weights.bin")
    assert git(top, "cat-file", "-s", ":models/m/weights.bin") == "5\n"
    assert git(top, "show", ":models/m/weights.bin") == "xxx\n"  # the helper reads text


def test_a_nested_file_is_overruled_by_init(top: Path, regolo: Regolo, tmp_path: Path) -> None:
    commit_attributes(top, "*.toml filter=lfs\n", "models/nlp/.gitattributes")
    regolo("init")
    write_model(top / "model.safetensors", 1)
    regolo("register", "nlp/m", "model.safetensors")
    must_be_plain(top, tmp_path)


def test_a_registry_of_the_first_release_is_repaired(top: Path, regolo: Regolo, tmp_path: Path) -> None:
    regolo("init")
    (top / ".gitattributes").write_text(LFS + FORMER_LINES)
    git(top, "commit", "-qam", "as 0.1.0 wrote it")
    register(regolo, top)
    ((kind, what),) = findings(regolo, "-n")
    assert kind == "to repair"
    assert "filter 'lfs' changes records" in what
    assert (top / ".gitattributes").read_text() == LFS + FORMER_LINES
    ((kind, what),) = findings(regolo)
    assert kind == "repaired"
    assert (top / ".gitattributes").read_text() == LFS + LINES
    must_be_plain(top, tmp_path)
    assert findings(regolo) == []


def test_the_lines_of_the_first_release_are_replaced_without_a_filter(top: Path, regolo: Regolo) -> None:
    regolo("init")
    (top / ".gitattributes").write_text(FORMER_LINES + "*.png binary\n")
    git(top, "commit", "-qam", "as 0.1.0 wrote it")
    assert [kind for kind, _ in findings(regolo)] == ["repaired"]
    assert (top / ".gitattributes").read_text() == "*.png binary\n" + LINES
    (top / "models").mkdir()
    (top / "models/weights.bin").write_bytes(b"a\r\nb")
    git(top, "add", "models")
    assert git(top, "cat-file", "-s", ":models/weights.bin") == "4\n"


@pytest.mark.parametrize("path", [".gitattributes", "models/.gitattributes", "models/m/.gitattributes"])
def test_a_later_line_that_brings_the_filter_back_is_overruled(
    top: Path, regolo: Regolo, tmp_path: Path, path: str
) -> None:
    regolo("init")
    register(regolo, top)
    commit_attributes(top, "*.toml filter=lfs\n", path)
    before = git(top, "rev-parse", "HEAD")
    assert [kind for kind, _ in findings(regolo, "-n")] == ["to repair"]
    assert git(top, "rev-parse", "HEAD") == before
    assert [kind for kind, _ in findings(regolo)] == ["repaired"]
    must_be_plain(top, tmp_path)
    assert findings(regolo) == []


def test_attributes_of_one_clone_are_repaired_in_that_clone(
    top: Path, regolo: Regolo, tmp_path: Path
) -> None:
    regolo("init")
    register(regolo, top)
    mine = top / ".git/info/attributes"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("models/** filter=lfs")
    before = git(top, "rev-parse", "HEAD")
    assert [kind for kind, _ in findings(regolo, "-n")] == ["to repair"]
    ((kind, what),) = findings(regolo)
    assert kind == "repaired"
    assert str(mine) in what
    assert git(top, "rev-parse", "HEAD") == before
    assert mine.read_text() == "models/** filter=lfs\n" + LINES
    must_be_plain(top, tmp_path)


def test_a_file_of_attributes_in_the_configuration_does_no_harm(
    top: Path, regolo: Regolo, tmp_path: Path, isolated: Path
) -> None:
    (isolated / "attributes").write_text("* filter=lfs text=auto eol=crlf\n")
    git(isolated, "config", "--global", "core.attributesFile", str(isolated / "attributes"))
    regolo("init")
    register(regolo, top)
    assert findings(regolo) == []
    assert git(top, "show", "HEAD:models/m/model.toml") == (top / "models/m/model.toml").read_text()


def test_a_write_under_a_filter_says_so(top: Path, regolo: Regolo) -> None:
    regolo("init")
    commit_attributes(top, "*.toml filter=lfs\n")
    write_model(top / "model.safetensors", 1)
    said = regolo("register", "m", "model.safetensors").err
    assert said.count("filter 'lfs' changes records, such as 'models/m/m") == 1
    assert "git regolo doctor" in said
    regolo("doctor")
    assert git(top, "status", "--porcelain", "models") == ""
    assert "filter" not in regolo("promote", "m@1.0", "staging").err


def test_uncommitted_attributes_are_left_to_the_user(top: Path, regolo: Regolo) -> None:
    regolo("init")
    commit_attributes(top, "*.toml filter=lfs\n")
    mine = (top / ".gitattributes").read_text() + "# mine\n"
    (top / ".gitattributes").write_text(mine)
    assert ("left", f"'.gitattributes' in '{top}' has uncommitted changes") in findings(regolo)
    assert (top / ".gitattributes").read_text() == mine


def test_a_merge_driver_that_mixes_two_records_is_found(top: Path, regolo: Regolo) -> None:
    regolo("init")
    commit_attributes(top, "*.toml merge=union\n")
    ((kind, what),) = findings(regolo)
    assert kind == "repaired"
    assert "merge driver 'union'" in what


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf", "core.safecrlf=true"])
def test_line_endings_of_the_configuration_change_no_record(
    top: Path, regolo: Regolo, tmp_path: Path, isolated: Path, setting: str
) -> None:
    git(isolated, "config", "--global", *setting.split("="))
    regolo("init")
    register(regolo, top)
    must_be_plain(top, tmp_path)


def test_an_operations_branch_is_repaired_too(top: Path, regolo: Regolo) -> None:
    regolo("init")
    register(regolo, top)
    regolo("config", "registry.operations", "ops")
    regolo("promote", "m@1.0", "staging")
    git(top, "switch", "-q", "ops")
    commit_attributes(top, "*.toml filter=lfs\n", "environments/.gitattributes")
    git(top, "switch", "-q", "--discard-changes", "main")  # which the filter pretends
    main = git(top, "rev-parse", "main")
    assert [kind for kind, _ in findings(regolo, "-n")] == ["to repair"]
    assert [kind for kind, _ in findings(regolo)] == ["repaired"]
    assert findings(regolo) == []
    assert git(top, "rev-parse", "main") == main
