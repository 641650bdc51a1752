"""What `register` and `commit` take alike: their options, and the request that comes of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from regolo_git.cli.assignments import gather_data, gather_parameters
from regolo_git.cli.parameters import complete_references, to_reference
from regolo_git.errors import InvalidInput
from regolo_git.records.manifest import Lineage
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.target import Flow

Function = TypeVar("Function", bound=Callable[..., None])
FILE = click.Path(path_type=Path)
COMMIT_LENGTHS = (40, 64)

_OPTIONS = (
    click.option("--metric", "metrics", metavar="NAME=NUMBER", multiple=True, help="A measured number."),
    click.option(
        "--meta", metavar="NAME=VALUE", multiple=True, help="Any other value: text, or as TOML writes it."
    ),
    click.option(
        "--metadata", "metadata_file", metavar="FILE", type=FILE, help="A TOML or JSON file of them."
    ),
    click.option("-m", "--message", metavar="TEXT", help="The message of commit and tag."),
    click.option("--code", metavar="REV", help="The commit that trained it."),
    click.option("--data", metavar="NAME=DIGEST", multiple=True, help="What it was trained on."),
    click.option("--param", "parameters", metavar="NAME=VALUE", multiple=True, help="A training parameter."),
    click.option(
        "--base",
        metavar="MODEL@V",
        callback=to_reference,
        shell_complete=complete_references,
        help="The version that it was tuned from.",
    ),
    click.option(
        "--serving", "serving_file", metavar="FILE", type=FILE, help="A TOML file: how to serve it."
    ),
    click.option("--propose", is_flag=True, help="Make a branch for review, and no tag yet."),
    click.option("--direct", is_flag=True, help="Tag at once, also on another branch."),
    click.option("-q", "--quiet", is_flag=True, help="Print the reference only."),
)


def version_options(function: Function) -> Function:
    """Adds the options that both verbs have."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def chosen_flow(propose: bool, direct: bool) -> Flow:
    """The flow that the options ask for.  Raises InvalidInput for both at once."""
    if propose and direct:
        raise InvalidInput("'--propose' and '--direct' exclude each other")
    return "propose" if propose else "direct" if direct else "auto"


def gather_lineage(
    handle: Handle,
    code: str | None,
    data: Sequence[str],
    parameters: Sequence[str],
    base: Reference | None,
) -> Lineage | None:
    """Where a version comes from; None where nothing was said.  Raises NotFound, InvalidInput."""
    if not (code or data or parameters or base):
        return None
    return Lineage(
        code=_commit(handle, code) if code else None,
        data=gather_data(data),
        parameters=gather_parameters(parameters),
        base=_base(handle, base) if base else None,
    )


def _commit(handle: Handle, revision: str) -> str:
    # A whole commit id may well be of another repository, where the code lies.
    whole = len(revision) in COMMIT_LENGTHS and all(c in "0123456789abcdef" for c in revision)
    return revision if whole else handle.git.resolve(revision)


def _base(handle: Handle, reference: Reference) -> str:
    row = find_row(handle, reference)
    return f"{row.model}@{row.version}"
