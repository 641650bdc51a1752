"""Pages of documentation as scripts: what stands in a page's blocks is run, in order, as a reader would.

    ```sh        commands that succeed; what they print is not shown
    ```python    a script of its own
    ```text      right after a python block: what it prints
    ```console   commands behind `$ `, each with all it prints, whatever its exit status

What a page shows is compared with what is printed, but for object ids, digests and times.  The directory that
a page starts in, empty, is `/home/ada`.  With REGOLO_REGENERATE_GOLDEN=1 the outputs are written anew.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.places import ROOT

DOCS = ROOT / "regolo_git" / "docs"
REGENERATE = "REGOLO_REGENERATE_GOLDEN"
regenerate = bool(os.environ.get(REGENERATE))

READERS_HOME = "/home/ada"
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGING = (
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[ ]?[+-]\d\d:?\d\d)?)?"), "TIME"),
    (re.compile(r"\b\d+ s old"), "N s old"),
    (re.compile(r"[ ]+$", re.MULTILINE), ""),
)


@dataclass(frozen=True)
class Block:
    """One fenced block, and where its text stands in the page."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class Step:
    """Something to run, and where the page says what it prints: `shown` is None where it says nothing."""

    command: str
    shown: str | None = None
    start: int = 0


def blocks(page: str) -> list[Block]:
    return [Block(match[1], match[2], match.start(2)) for match in BLOCK.finditer(page)]


def bash(script: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a script with the programs of this Python first on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def as_script(block: Block) -> str:
    """A block that must succeed."""
    return f"python - <<'PYTHON'\n{block.text}PYTHON" if block.kind == "python" else block.text


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    before: Block | None = None
    for block in blocks(page):
        if block.kind in ("sh", "python"):
            found.append(Step(as_script(block)))
        elif block.kind == "console":
            found += _commands(block)
        elif block.kind == "text" and before is not None and before.kind == "python":
            found[-1] = Step(found[-1].command, block.text, block.start)
        before = block
    return found


def _commands(block: Block) -> Iterator[Step]:
    # A command goes on where its line ends in a backslash.
    for match in re.finditer(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
        yield Step(match[1], match[2], block.start + match.start(2))


def play(page: str, top: Path) -> "tuple[subprocess.CompletedProcess[str], list[tuple[Step, str]]]":
    """Runs a page; returns how that went, and what each step that shows its output printed."""
    outputs = top.parent / f"{top.name}-outputs"
    outputs.mkdir()
    script = []
    for number, step in enumerate(steps(page)):
        if step.shown is None:
            script.append(step.command)
        else:
            may_fail = "" if step.command.startswith("python - <<") else " || true"
            script.append(f"{{\n{step.command.rstrip()}\n}} >'{outputs}/{number}' 2>&1{may_fail}")
    done = bash("\n".join(script), top)
    printed = []
    for number, step in enumerate(steps(page)):
        output = outputs / str(number)
        if step.shown is not None and output.exists():
            printed.append((step, output.read_text().replace(str(top), READERS_HOME)))
    return done, printed


def unchanging(text: str) -> str:
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


def with_outputs(page: str, printed: list[tuple[Step, str]]) -> str:
    """The page with what its commands print now; an output that differs in ids and times only stays."""
    for step, output in reversed(printed):
        assert step.shown is not None
        if unchanging(step.shown) != unchanging(output):
            page = page[: step.start] + output + page[step.start + len(step.shown) :]
    return page


def check_page(path: Path, tmp_path: Path) -> None:
    """Runs a page in an empty directory; asserts that it works and prints what it says, or writes it anew."""
    top = tmp_path / "home"
    top.mkdir()
    page = path.read_text()
    done, printed = play(page, top)
    shown = "".join(f"$ {step.command}{output}" for step, output in printed)
    assert done.returncode == 0, done.stdout + done.stderr + shown
    if regenerate:
        path.write_text(with_outputs(page, printed))
        return
    for step, output in printed:
        assert unchanging(step.shown or "") == unchanging(output), (
            step.command + f"({REGENERATE}=1 writes it anew)"
        )
