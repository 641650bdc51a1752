"""The guides do what they say: every block is run, and what they show is what is printed; no link is broken."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support.pages import DOCS, ROOT, check_page

from regolo_git.cli.commands.serve import serve
from regolo_git.cli.main import group

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
