"""What a host makes of Markdown: GitHub's own renderer, and what hosts link in its text."""

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

# In text outside of code: a mention, an issue, an emoji, a link, a label or a milestone of GitLab.
LINKED = re.compile(r"@\w|(?<!\w)[#!]\d|:[\w+-]+:|\w+://|\bwww\.|\bGH-\d|(?<!\w)[~%]\w", re.IGNORECASE)
OURS = {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "p",
    "h3",
    "strong",
    "b",
    "code",
    "details",
    "summary",
} | {
    "sub",
    "blockquote",
}


class Rendered(HTMLParser):
    """The elements of a page, and its text outside of code."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
        self.elements: list[str] = []
        self.text = ""
        self._code = 0
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's signature
        self.elements.append(tag)
        self._code += tag in ("code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")
        self.text += "\n"

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.text += data

    def count(self, element: str) -> int:
        return self.elements.count(element)

    @property
    def foreign(self) -> set[str]:
        """Elements that no document of ours has."""
        return set(self.elements) - OURS
