"""A look at TOML before it is parsed: what would cost `tomllib` more time than the text is long.

`tomllib` walks through the parts of a key once for each of them, and through those of the header above it
for every key, so 100 kB of `a.a.a…` take it a minute.  This module walks through the text once and adds up
those steps.  Up to the first error in a document it sees the same strings, keys and brackets as the parser.
"""

import re

from regolo_git.records.toml_limits import KEY_PARTS, NESTING, STEPS_ALLOWED, STEPS_PER_CHARACTER

# What repeats one character is possessive, and what repeats a group can end in one way only: a string that is
# not closed ends at the line or the text, and is never tried again.  Before Python 3.11.5 a possessive group
# with alternatives ends too early (https://github.com/python/cpython/issues/106052).
TOKENS = re.compile(
    r"""
      \"{3}[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*(?:"{3,5}|\Z|\\)
    | '{3}[^']*+(?:'(?!'')[^']*+)*(?:'{3,5}|\Z)
    | "[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*"?
    | '[^'\n]*+'?
    | \#[^\n]*+
    | [.=,\n\[\]{}]
    """,
    re.VERBOSE | re.DOTALL,
)


def costly(text: str, allowed: int | None = None) -> str | None:
    """The reason why a document would take too long to parse, such as `has a key of more than 64 parts`.

    `allowed` is the number of steps, by default in proportion to the length of the text.
    """
    dots = depth = header = steps = 0
    allowed = STEPS_ALLOWED + STEPS_PER_CHARACTER * len(text) if allowed is None else allowed
    starts, in_header = True, False
    for found in TOKENS.finditer(text):
        mark = text[found.start()]
        if mark == ".":
            dots += 1
            if dots > KEY_PARTS:
                return f"has a key of more than {KEY_PARTS} parts"
        elif mark in "[{":
            depth, dots = depth + 1, 0
            in_header = in_header or starts
            if depth > NESTING:
                return f"is nested deeper than {NESTING} levels"
        elif mark in "]}":
            header = dots + 1 if in_header else header
            depth, dots, in_header = max(depth - 1, 0), 0, False
        elif mark in "=,\n":
            if mark == "=":
                above = 0 if depth else header
                steps += above + (dots + 1) * (above + dots + 1)
                if steps > allowed:
                    return "has too many keys of many parts"
            dots, starts = 0, mark == "\n" and not depth
            continue
        starts = starts and mark == "#"
    return None
