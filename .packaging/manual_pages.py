"""Turns the reference pages into manual pages: git-regolo(1), and one page for each command.

    docs/reference/cli.md (written by the program itself, and held equal to it by a test)  ┐
    docs/reference/configuration.md: its tables of environment variables and of files      ├→  man1/*.1
    docs/CHANGELOG.md: the date of the newest release                                      ┘

The build of a wheel runs this, where nothing but the standard library is installed.  To read a page from a
checkout: `python .packaging/manual_pages.py /tmp/man1 && man -l /tmp/man1/git-regolo.1`.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REFERENCE = Path("regolo_git", "docs", "reference")
ENTRY = re.compile(r"^(#{2,4}) (.+)$", re.MULTILINE)
SUMMARY = re.compile(r"^- \[`(.+?)`\]\(#.*?\): (.+)$", re.MULTILINE)
ITEM = re.compile(r"^- `(.+?)`:? (.+)$", re.DOTALL)
ROW = re.compile(r"^\| (`[^|]+) \| (.+?) \|", re.MULTILINE)
RELEASE = re.compile(r"^## \[?\d\S* - (\d{4}-\d\d-\d\d)$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
LETTERS = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", "…": "..."}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Entry:
    """One command of the reference: its words, its one-line summary, and the blocks below its heading."""

    words: str
    usage: str
    summary: str = ""
    description: list[str] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    examples: str = ""
    statuses: list[tuple[str, str]] = field(default_factory=list)

    @property
    def page(self) -> str:
        return "-".join(["git-regolo", *self.words.split()])


def write_pages(root: Path, version: str, folder: Path) -> list[Path]:
    """Writes every page into a folder, which is created if need be; returns their paths."""
    text = (root / REFERENCE / "cli.md").read_text(encoding="utf-8")
    configuration = (root / REFERENCE / "configuration.md").read_text(encoding="utf-8")
    changes = (root / REFERENCE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    released = RELEASE.search(changes)
    assert released is not None, "no release has a date in the changelog"
    title = f'"1" "{released[1]}" "regolo-git {version}" "regolo-git manual"'
    top, sections = _entries(text)
    pages = {entry.page: _page(entry, title, sections) for entries in sections.values() for entry in entries}
    pages[top.page] = _top_page(top, title, sections, configuration)
    pages["regolo-git"] = pages[top.page]  # the program's other name
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        (folder / f"{name}.1").write_text(page, encoding="utf-8")
    return sorted(folder / f"{name}.1" for name in pages)


# -- reading ----------------------------------------------------------------------------------------------


def _entries(text: str) -> tuple[Entry, dict[str, list[Entry]]]:
    """The program itself, and its commands by the heading of the help."""
    summaries = dict(SUMMARY.findall(text))
    before, *parts = ENTRY.split(text)
    top = _entry("", before.partition("`regolo-git`.")[2])
    top.summary = "a model registry in your Git repository"
    sections: dict[str, list[Entry]] = {}
    entries: list[Entry] = []
    for level, heading, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if level == "##":
            entries = sections[heading] = []
        else:
            entry = _entry(heading, body)
            entry.summary = summaries.get(heading) or re.split(r"[.:;](?:\s|$)", entry.description[0])[0]
            entries.append(entry)
    return top, sections


def _entry(words: str, body: str) -> Entry:
    first, *blocks = _blocks(body)
    entry = Entry(words, first.removeprefix("```text\n").strip("`\n"))
    heading = ""
    for block in blocks:
        if block in ("Examples:", "Exit status:", "Options:"):
            heading = block
        elif heading == "Examples:" and block.startswith("```sh"):
            entry.examples, heading = block.removeprefix("```sh\n").removesuffix("\n```"), ""
        elif heading == "Exit status:" and block.startswith("- "):
            entry.statuses, heading = _items(block), ""
        elif heading == "Options:" and block.startswith("- "):
            entry.options, heading = _items(block), ""
        else:
            entry.description.append(block)
    return entry


def _blocks(body: str) -> Iterator[str]:
    """Paragraphs, lists and fenced blocks; an empty line inside a fence ends nothing."""
    end = 0
    for fence in FENCE.finditer(body):
        yield from filter(None, map(str.strip, body[end : fence.start()].split("\n\n")))
        yield fence[0]
        end = fence.end()
    yield from filter(None, map(str.strip, body[end:].split("\n\n")))


def _items(block: str) -> list[tuple[str, str]]:
    found = []
    for item in re.split(r"\n(?=- )", block):
        match = ITEM.match(item)
        assert match is not None, item
        found.append((match[1], " ".join(match[2].split())))
    return found


def _rows(page: str, heading: str) -> list[tuple[str, str]]:
    """The first two columns of the table below a heading."""
    body = re.split(r"^## ", page.partition(f"\n## {heading}\n")[2], flags=re.MULTILINE)[0]
    rows = ROW.findall(body)
    assert rows, f"no table below {heading}"
    return [(names.replace("`", ""), words) for names, words in rows]


# -- writing ----------------------------------------------------------------------------------------------


def _page(entry: Entry, title: str, sections: dict[str, list[Entry]]) -> str:
    others = sorted(
        other.page
        for entries in sections.values()
        for other in entries
        if other.page.startswith(f"{entry.page}-") or entry.page.startswith(f"{other.page}-")
    )
    return _written(
        _head(entry, title),
        _described(entry),
        _defined("OPTIONS", entry.options),
        _examples(entry),
        _defined("EXIT STATUS", entry.statuses),
        _referring("FILES", "The files of a registry and of a clone"),
        _referring("ENVIRONMENT", "The environment variables that every command reads"),
        _see_also([("git-regolo", 1), *((other, 1) for other in others)]),
    )


def _top_page(top: Entry, title: str, sections: dict[str, list[Entry]], configuration: str) -> str:
    commands = [".SH COMMANDS"]
    for heading, entries in sections.items():
        commands.append(f".SS {_quoted(heading)}")
        for entry in entries:
            commands += [".TP", rf"\fB{_escaped(entry.page)}\fR(1)", _text(entry.summary)]
    return _written(
        _head(top, title),
        _described(top),
        _defined("OPTIONS", top.options),
        commands,
        [
            ".SH EXAMPLES",
            "Register a model, add a version, compare the two, and restore the first:",
            ".PP",
            *_verbatim(
                "git init -b main models && cd models\n"
                "git regolo init\n"
                "git regolo register sentiment model.safetensors --metric accuracy=0.89\n"
                "git regolo commit sentiment model.safetensors --metric accuracy=0.92\n"
                "git regolo diff sentiment@1.0 sentiment@1.1\n"
                "git regolo checkout sentiment@1.0"
            ),
        ],
        _defined("EXIT STATUS", top.statuses),
        _defined("FILES", _rows(configuration, "Files")),
        _defined("ENVIRONMENT", _rows(configuration, "Environment variables")),
        _see_also([("git", 1), ("git-tag", 1), ("git-notes", 1), ("gitattributes", 5)]),
    )


def _head(entry: Entry, title: str) -> list[str]:
    summary = entry.summary.rstrip(".")
    return [
        f'.\\" Written by .packaging/manual_pages.py from {REFERENCE.as_posix()}/cli.md.',
        f'.TH "{_escaped(entry.page.upper())}" {title}',
        ".nh",
        ".ad l",
        ".SH NAME",
        rf"{_escaped(entry.page)} \- {_text(summary[0].lower() + summary[1:])}",
        ".SH SYNOPSIS",
        _usage(entry.usage),
    ]


def _usage(usage: str) -> str:
    """The words that are typed as they are in bold, the rest as it is; it breaks at blanks only."""
    words = [
        rf"\fB{_escaped(word)}\fR" if re.match(r"[a-z]", word) else _escaped(word) for word in usage.split()
    ]
    return " ".join(words)


def _described(entry: Entry) -> list[str]:
    lines = [".SH DESCRIPTION"]
    for number, block in enumerate(entry.description):
        lines += [".PP"] if number else []
        if block.startswith("```"):
            lines += _verbatim(block.partition("\n")[2].removesuffix("```"))
        else:
            lines.append(_text(block))
    return lines


def _defined(heading: str, items: list[tuple[str, str]]) -> list[str]:
    lines = [f".SH {_quoted(heading)}"] if items else []
    for name, words in items:
        lines += [".TP", rf"\fB{_escaped(name)}\fR", _text(words)]
    return lines


def _examples(entry: Entry) -> list[str]:
    return [".SH EXAMPLES", *_verbatim(entry.examples)] if entry.examples else []


def _referring(heading: str, subject: str) -> list[str]:
    return [f".SH {heading}", f"{subject} are in", r"\fBgit\-regolo\fR(1)."]


def _see_also(pages: list[tuple[str, int]]) -> list[str]:
    return [".SH SEE ALSO", ",\n".join(rf"\fB{_escaped(name)}\fR({section})" for name, section in pages)]


def _verbatim(text: str) -> list[str]:
    lines = text.strip("\n").splitlines()
    # A page begins its text at column 7 of 80; what is wider than the rest begins further left.
    beyond = max(map(len, lines)) - 73
    begin, end = ([f".RS -{beyond}"], [".RE"]) if beyond > 0 else ([], [])
    return [*begin, ".nf", *map(_line, lines), ".fi", *end]


def _written(*parts: list[str]) -> str:
    return "\n".join(line for part in parts for line in part) + "\n"


def _text(markdown: str) -> str:
    """Running text, on one line; what is typed is bold."""
    parts = LINK.sub(r"\1", " ".join(markdown.split())).split("`")
    bold = [rf"\fB{_escaped(part)}\fR" if number % 2 else _escaped(part) for number, part in enumerate(parts)]
    return _line_start("".join(bold))


def _line(text: str) -> str:
    return _line_start(_escaped(text))


def _escaped(text: str) -> str:
    """Letters that roff would read or print as others: a hyphen that is typed must stay one."""
    return text.translate(str.maketrans(LETTERS))


def _line_start(text: str) -> str:
    return rf"\&{text}" if text.startswith((".", "'")) else text


def _quoted(text: str) -> str:
    return f'"{text}"'


if __name__ == "__main__":
    write_pages(Path(__file__).parents[1], "from a checkout", Path(sys.argv[1]))
