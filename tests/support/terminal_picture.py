"""The picture of a terminal at the top of the README, drawn from what the program prints.

`REGOLO_REGENERATE_GOLDEN=1 pytest -m slow tests/test_readme.py` draws it anew.  The same weights, times and
author give the same picture on every machine; the window has its own background, for light and dark pages.
"""

import re
import shlex
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from rich.color import Color
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from support.pages import bash

COLUMNS = 88
CELL, LINE, MARGIN = 8.4, 19, 18
THEME = TerminalTheme(
    (13, 17, 23),
    (230, 237, 243),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
    [
        (110, 118, 129),
        (255, 161, 152),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (240, 246, 252),
    ],
)
TRAIN = """
import sys, numpy as np
from safetensors.numpy import save_file
rng = np.random.default_rng(1)
weights = {"embed.weight": rng.random((300, 300), np.float32), "head.bias": np.zeros(3, np.float32)}
weights["head.bias"] += float(sys.argv[1])
save_file(weights, "model.safetensors")
"""
BEFORE = (
    "git init -q -b main models && cd models && git config user.name Ada && git config user.email ada@example.com"
    " && git regolo init -q && {train} 1"
)
# What is shown, and what happens unseen before it.
SHOWN = (
    ("", "git regolo register sentiment model.safetensors --metric accuracy=0.89 -q"),
    ("{train} 2", "git regolo commit sentiment --metric accuracy=0.92 -q"),
    ("", "git regolo diff sentiment@1.0 sentiment@1.1"),
    ("", 'git regolo promote sentiment@1.1 production -m "better on long texts" -q'),
    ("", "git regolo list sentiment"),
)


def draw(folder: Path) -> str:
    """Runs the commands in an empty folder; returns the picture as SVG."""
    train = f"{shlex.quote(sys.executable)} -c {shlex.quote(TRAIN)}"
    lines: list[Text] = []
    _run(BEFORE.format(train=train), folder)
    for number, (unseen, command) in enumerate(SHOWN):
        if unseen:
            _run(unseen.format(train=train), folder / "models")
        printed = _run(command, folder / "models", minute=number)
        lines += [
            Text.assemble(("$ ", "bold green"), (command, "bold")),
            *Text.from_ansi(printed).split("\n"),
            Text(),
        ]
    while not lines[-1].plain:
        lines.pop()
    return _svg(lines)


def _run(command: str, folder: Path, minute: int = 0) -> str:
    time = f"2026-11-27T09:{minute:02}:00Z"
    terminal = f"export FORCE_COLOR=1 COLUMNS={COLUMNS} TERM=xterm-256color TZ=UTC LC_ALL=C.UTF-8"
    dates = f"export GIT_AUTHOR_DATE={time} GIT_COMMITTER_DATE={time}"
    done = bash(f"{terminal} {dates.removeprefix('export ')}; unset NO_COLOR; {command}", folder)
    assert done.returncode == 0, done.stderr
    return (done.stderr + done.stdout).rstrip("\n")


def _svg(lines: list[Text]) -> str:
    width, height = round(COLUMNS * CELL + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN
    background, foreground = (
        f"#{bytes(color).hex()}" for color in (THEME.background_color, THEME.foreground_color)
    )
    rows = [_row(line, MARGIN + LINE * number + 14) for number, line in enumerate(lines)]
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
                ' role="img" aria-label="A terminal: two versions of a model are committed, compared and promoted">'
            ),
            f'<rect width="{width}" height="{height}" rx="8" fill="{background}" stroke="#30363d"/>',
            (
                f'<g fill="{foreground}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"'
                ' font-size="14">'
            ),
            *filter(None, rows),
            "</g>",
            "</svg>\n",
        ]
    )


def _row(line: Text, y: int) -> str:
    """One line; each word has its own place and width, whatever font a reader has."""
    words, column = [], 0
    for text, style in [(run.text, run.style) for run in line.render(_console(), end="") if run.text]:
        look = ""
        if style is not None and style.color is not None:
            look += f' fill="{_color(style.color)}"'
        if style is not None and style.bold:
            look += ' font-weight="bold"'
        if style is not None and style.dim:
            look += ' opacity="0.7"'
        for word in re.finditer(r"\S+", text):
            place = (
                f'x="{MARGIN + (column + word.start()) * CELL:.1f}" textLength="{len(word[0]) * CELL:.1f}"'
            )
            words.append(f"<tspan {place}{look}>{escape(word[0])}</tspan>")
        column += len(text)
    return f'<text y="{y}">{"".join(words)}</text>' if words else ""


def _color(color: Color) -> str:
    return f"#{bytes(color.get_truecolor(THEME)).hex()}"


def _console() -> Console:
    return Console(color_system="truecolor", width=COLUMNS)
