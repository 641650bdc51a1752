"""Parts of HTML pages: escaped text, tables, and the frame of what a notebook shows.

A notebook puts the page of a value into its own.  So the frame has a style that reaches nothing else,
inherits the colours of text and background, and follows the theme of JupyterLab, VS Code or Colab, which need
not be that of the system.
"""

from collections.abc import Iterable, Sequence
from html import escape as escape_markup

from regolo_git.text.printable import without_controls

STYLE = """
div.regolo-git { --better: #1a7f37; --worse: #cf222e; --open: #9a6700; font-size: 13px; line-height: 1.45;
  overflow-x: auto; }
body[data-jp-theme-light="false"] div.regolo-git, body.vscode-dark div.regolo-git,
html[theme="dark"] div.regolo-git { --better: #56d364; --worse: #ff7b72; --open: #d29922; }
div.regolo-git p { margin: .3em 0; }
div.regolo-git p.title { font-size: 1.1em; font-weight: 600; }
div.regolo-git p.section { font-weight: 600; margin-top: .8em; }
div.regolo-git p.alert { border-left: 3px solid var(--open); padding-left: .7em; }
div.regolo-git table { border-collapse: collapse; margin: .2em 0; }
div.regolo-git th, div.regolo-git td { text-align: left; vertical-align: top; padding: .2em .9em .2em 0;
  border: 0; border-bottom: 1px solid #8884; background: none; max-width: 36em; overflow-wrap: break-word; }
div.regolo-git th { font-weight: 600; white-space: nowrap; }
div.regolo-git th.name { font-weight: 400; opacity: .75; }
div.regolo-git td.number, div.regolo-git th.number { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
div.regolo-git code { font: .92em ui-monospace, monospace; background: #8882; color: inherit;
  padding: 0 .25em; border-radius: .25em; }
div.regolo-git .better, div.regolo-git .pass { color: var(--better); }
div.regolo-git .worse, div.regolo-git .fail { color: var(--worse); }
div.regolo-git .open { color: var(--open); }
"""


def escape(text: str) -> str:
    """Escapes markup, and removes control characters because the page may be printed on a terminal."""
    return escape_markup(without_controls(text))


def framed(parts: Iterable[str]) -> str:
    """The parts, escaped already, as something to put into the page of a notebook."""
    return "\n".join(['<div class="regolo-git">', f"<style>{STYLE}</style>", *parts, "</div>"])


def title(text: str) -> str:
    """The title of what is shown."""
    return f'<p class="title">{escape(text)}</p>'


def section(text: str) -> str:
    """The title of a part."""
    return f'<p class="section">{escape(text)}</p>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values, one pair in a row."""
    rows = (f'<tr><th class="name">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in pairs)
    return f"<table>{''.join(rows)}</table>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> str:
    """A table; the columns of `numbers` are aligned to the right."""
    kinds = [' class="number"' if column in numbers else "" for column in columns]
    head = "".join(f"<th{kind}>{escape(column)}</th>" for kind, column in zip(kinds, columns, strict=True))
    lines = [
        "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True))
        for row in rows
    ]
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
