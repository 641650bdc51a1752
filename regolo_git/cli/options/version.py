"""What `register` and `commit` take alike: what is said of a version besides its name and its bytes."""

from dataclasses import dataclass
from pathlib import Path

import click

from regolo_git.cli.options.arguments import complete_references, to_reference
from regolo_git.cli.options.assignments import (
    Tree,
    gather_data,
    gather_metadata,
    gather_parameters,
    read_serving,
)
from regolo_git.cli.options.one_value import one_value
from regolo_git.errors import InvalidInput
from regolo_git.records.manifest import Lineage
from regolo_git.records.references import Reference, version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.target_branch import Flow

FILE = click.Path(path_type=Path)
COMMIT_LENGTHS = (40, 64)


@dataclass(frozen=True, slots=True)
class VersionOptions:
    """The options as they were typed; what they mean is read when it is asked for."""

    metrics: tuple[str, ...]
    meta: tuple[str, ...]
    metadata_file: Path | None
    message: str | None
    code: str | None
    data: tuple[str, ...]
    parameters: tuple[str, ...]
    base: Reference | None
    serving_file: Path | None
    propose: bool
    direct: bool
    quiet: bool

    @property
    def flow(self) -> Flow:
        """The flow that is asked for.  Raises InvalidInput for both at once."""
        if self.propose and self.direct:
            raise InvalidInput("'--propose' and '--direct' exclude each other")
        return "propose" if self.propose else "direct" if self.direct else "auto"

    def metadata(self) -> Tree:
        """Metadata and metrics.  Raises NotFound, InvalidInput."""
        return gather_metadata(self.metadata_file, self.meta, self.metrics)

    def serving(self) -> Tree | None:
        """How to serve the version; None where nothing was said.  Raises NotFound, InvalidInput."""
        return read_serving(self.serving_file) if self.serving_file is not None else None

    def lineage(self, handle: Handle) -> Lineage | None:
        """Where the version comes from; None where nothing was said.  Raises NotFound, InvalidInput."""
        if not (self.code or self.data or self.parameters or self.base):
            return None
        return Lineage(
            code=_commit(handle, self.code) if self.code else None,
            data=gather_data(self.data),
            parameters=gather_parameters(self.parameters),
            base=_base(handle, self.base) if self.base else None,
        )


version_options = one_value(
    "options",
    VersionOptions,
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


def _commit(handle: Handle, revision: str) -> str:
    # A whole commit id may well be of another repository, where the code lies.
    whole = len(revision) in COMMIT_LENGTHS and all(c in "0123456789abcdef" for c in revision)
    return revision if whole else handle.git.resolve(revision)


def _base(handle: Handle, reference: Reference) -> str:
    row = find_row(handle, reference)
    return version_reference(row.model, row.version)
