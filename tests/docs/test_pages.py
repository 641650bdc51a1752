"""The guides do what they say: every block is run, and what they show is what is printed; no link is broken."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support.pages import DOCS, ROOT, bash, blocks, check_page

from regolo_git.cli.commands.clone import clone as clone_command
from regolo_git.cli.commands.serve import serve
from regolo_git.cli.main import group
from regolo_git.serving.local.gateway.entrance import OPEN_PAGES

GUIDES = sorted((DOCS / "guides").glob("*.md"))
WITH_SERVERS = [DOCS / "guides" / name for name in ("team.md", "pull-request.md")]  # in a test of its own
WRITTEN = [
    DOCS / "README.md",
    DOCS / "CHANGELOG.md",
    DOCS / "tutorial.md",
    *GUIDES,
    *sorted((DOCS / "reference").glob("*.md")),
]
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in GUIDES if path not in WITH_SERVERS], ids=name)
def test_a_guide_does_what_it_says(path: Path, tmp_path: Path) -> None:
    check_page(path, tmp_path)


def scripts_for_libraries() -> list[tuple[str, str]]:
    """The scripts of the quick starts that are not run with the page, each with what it prints."""
    found = blocks((DOCS / "guides" / "quick-starts.md").read_text())
    return [(block.text, after.text) for block, after in itertools.pairwise(found) if block.kind == "py"]


@pytest.mark.slow
@pytest.mark.parametrize(("script", "printed"), scripts_for_libraries(), ids=["skl", "export", "torch", "hf"])
def test_a_quick_start_for_another_library_does_what_it_says(
    script: str, printed: str, tmp_path: Path
) -> None:
    named = set(re.findall(r"^(?:import|from) (\w+)", script, re.MULTILINE))
    for library in sorted(named | ({"onnxscript"} if "onnx.export" in script else set())):
        pytest.importorskip(library)
    assert bash("git init -q -b main && git regolo init", tmp_path).returncode == 0
    done = bash(f"python - <<'PYTHON'\n{script}PYTHON", tmp_path)
    assert (done.returncode, done.stdout) == (0, printed), done.stderr


def written_file(page: str, name: str) -> str:
    """A file as a page has its reader write it, with `cat > NAME <<'WORD'`."""
    found = re.search(rf"^cat > {re.escape(name)} <<'(\w+)'\n(.*?)^\1$", page, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found[2]


def test_the_files_for_a_server_are_what_docker_and_systemd_read(tmp_path: Path) -> None:
    page = (DOCS / "guides" / "deployment.md").read_text()
    compose = yaml.safe_load(written_file(page, "compose.yaml"))
    (service,) = compose["services"].values()
    volumes = {volume.partition(":")[0] for volume in service["volumes"]}
    assert volumes == compose["volumes"].keys()
    assert set(service["secrets"]) == compose["secrets"].keys()
    dockerfile = written_file(page, "Dockerfile")
    command = json.loads(dockerfile.partition("\nCMD ")[2])
    unit = written_file(page, "regolo.service")
    start = re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    assert start is not None
    for words in (command, start[1].split()):
        assert Path(words[0]).name == "git-regolo"
        # Every option is one of the program.  A command keeps the help option of its first context.
        serve.make_context("serve", words[2:], **group.context_settings).close()
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    file = tmp_path / "regolo.service"
    file.write_text(unit.replace("/opt/regolo/bin/git-regolo", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_deployment_for_kubernetes_is_consistent() -> None:
    page = (DOCS / "guides" / "deployment.md").read_text()
    deployment, service = yaml.safe_load_all(written_file(page, "deployment.yaml"))
    spec, labels = (
        deployment["spec"]["template"]["spec"],
        deployment["spec"]["template"]["metadata"]["labels"],
    )
    assert deployment["spec"]["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    (clone,), (container,) = spec["initContainers"], spec["containers"]
    volumes = {volume["name"] for volume in spec["volumes"]}
    uid = re.search(r"useradd .*--uid (\d+)", written_file(page, "Dockerfile"))
    assert uid is not None
    assert spec["securityContext"]["runAsUser"] == int(uid[1])
    for each in (clone, container):
        assert {mount["name"] for mount in each["volumeMounts"]} == volumes
        assert each["securityContext"]["readOnlyRootFilesystem"] is True
    (port,) = container["ports"]
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[kind]["httpGet"]
        assert asked["port"] == port["name"]
        assert asked["path"] in OPEN_PAGES  # a probe sends no token
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert {"requests", "limits"} <= container["resources"].keys()
    (_, verb, *options) = [*container["command"], *container["args"]]
    assert verb == "serve"
    serve.make_context("serve", [*options], **group.context_settings).close()
    assert f"--listen=0.0.0.0:{port['containerPort']}" in options
    for line in clone["args"][0].splitlines():
        if "git regolo clone" in line:
            clone_command.make_context("clone", line.split()[3:], **group.context_settings).close()


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text()):
        place, _, anchor = link.partition("#")
        if "://" in place:
            continue
        target = path.parent / place if place else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(path: Path) -> set[str]:
    """The names that a Git host gives to the headings of a page."""
    headings = HEADING.findall(path.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked_from(index: Path) -> set[Path]:
    return {(index.parent / link).resolve() for link in LINK.findall(index.read_text())}


def test_the_index_leads_to_every_page() -> None:
    decisions = DOCS / "decisions" / "README.md"
    assert set(decisions.parent.glob("0*.md")) <= linked_from(decisions)
    pages = set(DOCS.rglob("*.md")) - {DOCS / "README.md", *decisions.parent.glob("0*.md")}
    assert pages <= linked_from(DOCS / "README.md")


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_a_line_is_not_too_long(path: Path) -> None:
    prose = re.sub(r"^```(?:console|text)\n.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert [line for line in prose.splitlines() if len(line) > 110 and not line.startswith("|")] == []
