"""Text added to a user's message without breaking its trailers, which git reads from the last paragraph only.

A last paragraph is a block of trailers by git's own rule: all of its lines are `Key: value`, or at least a
quarter of them are, if one is of git's own, such as `Signed-off-by`.  The first paragraph never is.
"""

import re
from collections.abc import Sequence

TRAILER = re.compile(r"[A-Za-z0-9-]+[ \t]*:")
OF_GIT = ("Signed-off-by: ", "(cherry picked from commit ")


def with_git_line_ends(message: str) -> str:
    """The message with the line ends that git has: in a line that ends in CRLF git finds no trailer."""
    return message.replace("\r\n", "\n")


def with_paragraph(message: str, paragraph: str) -> str:
    """The message with a paragraph at the end of its body, before its trailers."""
    body, trailers = split_trailers(message)
    return "\n\n".join(filter(None, (body, paragraph, trailers))) + "\n"


def with_trailers(message: str, trailers: Sequence[str]) -> str:
    """The message with further trailers, in one paragraph with its own."""
    body, held = split_trailers(message)
    return "\n\n".join((body, "\n".join((*filter(None, (held,)), *trailers)))) + "\n"


def split_trailers(message: str) -> tuple[str, str]:
    """The body of a message and its block of trailers, empty if there is none."""
    text = with_git_line_ends(message).strip("\n").rstrip()
    paragraphs = re.split(r"\n[ \t]*\n", text)
    if len(paragraphs) == 1 or not _is_block(paragraphs[-1]):
        return text, ""
    last = paragraphs[-1].lstrip("\n")
    return text.removesuffix(last).rstrip(), last


def _is_block(paragraph: str) -> bool:
    trailers, others, of_git = 0, 0, False
    continues = False
    for line in filter(None, paragraph.split("\n")):
        if line.startswith(OF_GIT):
            trailers, of_git, continues = trailers + 1, True, True
        elif TRAILER.match(line):
            trailers, continues = trailers + 1, True
        elif not (continues and line[0] in " \t"):
            others, continues = others + 1, False
    return trailers > 0 and (others == 0 or (of_git and trailers * 3 >= others))
