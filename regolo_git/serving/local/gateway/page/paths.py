"""The paths of the page, of its files and of `/docs`, which have a check of their own (`visitors.py`)."""

from typing import Final

PAGE: Final = "/page"
DATA: Final = "/page/data.json"
DOCS: Final = "/docs"
OPENAPI: Final = "/docs/openapi.json"
# The files that come with the program, and their types; none of them has a word about what is served.
FILES: Final = {
    "/page": ("page.html", "text/html"),
    "/page/page.css": ("page.css", "text/css"),
    "/page/page.js": ("page.js", "text/javascript"),
    "/page/parts.js": ("parts.js", "text/javascript"),
    "/page/charts.js": ("charts.js", "text/javascript"),
    "/page/canary.js": ("canary.js", "text/javascript"),
    "/page/token.js": ("token.js", "text/javascript"),
    "/page/docs.js": ("docs.js", "text/javascript"),
    "/page/icon.svg": ("icon.svg", "image/svg+xml"),
    "/page/uplot.js": ("uplot.js", "text/javascript"),
    "/page/uplot.css": ("uplot.css", "text/css"),
}
# What other controllers ask about a canary.
VERDICT: Final = "/canary/verdict"
MAY_ADVANCE: Final = "/canary/may-advance"
MUST_ROLL_BACK: Final = "/canary/must-roll-back"
PAGE_PATHS: Final = frozenset((*FILES, DATA, DOCS, OPENAPI, VERDICT, MAY_ADVANCE, MUST_ROLL_BACK))
