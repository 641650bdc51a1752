"""`git regolo review`: judges a change of the registry before it is merged."""

from typing import Literal, cast

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, put_json
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.pager import paged
from regolo_git.cli.pages.document import put_document
from regolo_git.cli.streams import put, talk_next, talk_note
from regolo_git.hints import Hint
from regolo_git.registry.handle import Handle
from regolo_git.registry.proposal_tips import proposal_tips
from regolo_git.reviews.annotations import review_to_annotations
from regolo_git.reviews.document_markdown import FEWEST_CHARACTERS, MOST_CHARACTERS
from regolo_git.reviews.junit import review_to_junit
from regolo_git.reviews.review import Review, review_text
from regolo_git.text.printable import one_line

Format = Literal["terminal", "markdown", "json", "junit", "github"]
FORMATS: tuple[Format, ...] = ("terminal", "markdown", "json", "junit", "github")
COLOURS = {"wrong": "red", "fail": "red", "not judged": "yellow", "open": "yellow", "pass": "green"}


@click.command()
@click.argument("change", metavar="[BASE..HEAD]", required=False, default="HEAD")
@click.option(
    "--format",
    "page_format",
    type=click.Choice(FORMATS),
    default="terminal",
    help="The output format: the Markdown of a comment, JSON, a JUnit report, or annotations for GitHub."
    "  [default: terminal]",
)
@click.option(
    "--max-chars",
    metavar="N",
    type=click.IntRange(min=FEWEST_CHARACTERS),
    default=MOST_CHARACTERS,
    help=f"Cut the Markdown at N characters.  [default: {MOST_CHARACTERS}]",
)
@click.option("--strict", is_flag=True, help="Exit with 8 also where a gate is open.")
@click.option("--yes", "-y", is_flag=True, help="Use the shared store that the registry names.")
@click.pass_context
def review(
    context: click.Context, change: str, page_format: Format, max_chars: int, strict: bool, yes: bool
) -> None:
    """Judge a change before it is merged: what it does to models, environments, endpoints and rules.

    Shows the change that merging HEAD into BASE would bring.  Gates, directions of metrics and signers are
    those of BASE.  Only objects are read: nothing is checked out or executed, so it works on a pull request
    of a stranger and in a bare repository.

    With MODEL@VERSION, reviews that version against what was there before it; with one revision, what it
    would bring to the registry branch, or if it is merged, its commit alone.  Without an argument, this is
    HEAD.

    \b
    Examples:
      git regolo review main..propose/sentiment@1.8+0c5d3e9a
      git fetch origin pull/7/head && git regolo review main..FETCH_HEAD
      git regolo review
      git regolo review main..HEAD --format markdown
      git regolo review sentiment@1.8

    Exit status: 0 no gate fails, though one may be open; 2 not a range; 3 a commit is not in this clone; 5 a
    version, manifest or seal is wrong; 6 bytes or a store cannot be reached, so that it is not judged; 8 a
    gate fails.
    """
    with open_handle() as handle:
        ask_before_store(handle, yes=yes or None)
        done = review_text(handle, change)
        records = _records(handle, done) if page_format == "github" else {}
        _talk_if_outdated(handle, done)
    _put(done, page_format, max_chars, records)
    context.exit(done.exit_code(strict=strict))


def _talk_if_outdated(handle: Handle, done: Review) -> None:
    """Says that the reviewed branch is that of a proposal that was made again since, if it is."""
    head = done.range.head_name.removeprefix("refs/heads/")
    for held in proposal_tips(handle).values():
        newer = next((place for place in held.places if place.endswith(f"/{head}")), None)
        if head in held.outdated and newer is not None:
            talk_note(f"{one_line(head)} here is a proposal before it was made again")
            talk_next(str(Hint("review", f"{done.range.base_name}..{newer}")))


def _records(handle: Handle, done: Review) -> dict[str, bytes]:
    """The judged records after the change, in which lines are annotated."""
    paths = dict.fromkeys(found.path for found in done.gates)
    read = ((path, handle.git.read_file(done.range.head, path)) for path in paths)
    return {path: data for path, data in read if data is not None}


def _put(done: Review, page_format: Format, max_chars: int, records: dict[str, bytes]) -> None:
    if page_format == "terminal":
        with paged():
            put_document(done.document, COLOURS[done.verdict])
    elif page_format == "json":
        put_json(cast("Json", done.to_dict()))
    else:
        texts = {
            "markdown": lambda: done.to_markdown(max_chars),
            "junit": lambda: review_to_junit(done),
            "github": lambda: review_to_annotations(done, records),
        }
        put(texts[page_format]().rstrip("\n"))
