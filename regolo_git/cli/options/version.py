"""The options shared by `register` and `commit`: metadata, lineage, serving and flow."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, cast

import click

from regolo_git.cli.options.arguments import complete_references, to_reference
from regolo_git.cli.options.assignments import (
    gather_data,
    gather_metadata,
    gather_parameters,
    read_serving,
)
from regolo_git.cli.options.change import to_message
from regolo_git.cli.options.one_value import one_value
from regolo_git.cli.options.value_files import Tree, read_table
from regolo_git.cli.options.when_asked import when_asked
from regolo_git.errors import InvalidInput
from regolo_git.records.manifest import Lineage
from regolo_git.records.references import Reference, version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.target_branch import Flow

FILE = click.Path(path_type=Path, allow_dash=True)
COMMIT_LENGTHS = (40, 64)


class VersionOptions(NamedTuple):
    """The options as typed, parsed on access."""

    metrics: tuple[str, ...]
    metrics_file: Path | None
    meta: tuple[str, ...]
    metadata_file: Path | None
    message: str | None
    code: str | None
    data: tuple[str, ...]
    parameters: tuple[str, ...]
    parameters_file: Path | None
    base: Reference | None
    serving_file: Path | None
    exclude: tuple[str, ...]
    strict: bool
    propose: bool
    direct: bool

    @property
    def flow(self) -> Flow:
        """The flow that the options select.  Raises InvalidInput if both are given."""
        if self.propose and self.direct:
            raise InvalidInput("--propose and --direct cannot be used together")
        return "propose" if self.propose else "direct" if self.direct else "auto"

    def metadata(self, handle: Handle) -> Tree:
        """The metadata; a notice names what is null in the file.  Raises NotFound, InvalidInput."""
        tree = gather_metadata(self.metadata_file, self.meta)
        if self.metadata_file is None:
            return tree
        from regolo_git.registry.versions.given_values import without_nulls  # noqa: PLC0415 - hashes files

        return cast(Tree, without_nulls(tree, "metadata", handle.notice))

    def measured(self, handle: Handle) -> Mapping[str, object] | None:
        """The metrics, or None if none were given.  Raises NotFound, InvalidInput, MissingDependency."""
        if not self.metrics and self.metrics_file is None:
            return None
        from regolo_git.cli.options.measured import measured_values  # noqa: PLC0415 - hashes files

        return measured_values(handle, self.metrics, self.metrics_file)

    def serving(self) -> Tree | None:
        """The serving block, or None if none was given.  Raises NotFound, InvalidInput."""
        return read_serving(self.serving_file) if self.serving_file is not None else None

    def lineage(self, handle: Handle) -> Lineage | None:
        """The lineage, or None if none was given.  Raises NotFound, InvalidInput."""
        lineage = None
        if self.code or self.data or self.parameters or self.base:
            lineage = Lineage(
                code=_commit(handle, self.code) if self.code else None,
                data=gather_data(self.data),
                parameters=gather_parameters(self.parameters),
                base=_base(handle, self.base) if self.base else None,
            )
        if self.parameters_file is None:
            return lineage
        from regolo_git.registry.versions.given_values import with_parameters  # noqa: PLC0415 - seldom

        table = read_table(self.parameters_file, "parameters", takes_yaml=True)
        return with_parameters(lineage, table, handle.notice)


version_options = one_value(
    "options",
    VersionOptions,
    click.option(
        "--metric",
        "metrics",
        metavar="NAME=NUMBER",
        multiple=True,
        shell_complete=when_asked("completion", "complete_metric_values"),
        help="A metric, such as accuracy=0.92 or accuracy=0.92,n=2000,on=test.csv.",
    ),
    click.option(
        "--metrics",
        "metrics_file",
        metavar="FILE",
        type=FILE,
        help="A JSON, YAML or TOML file with metrics; - is standard input.",
    ),
    click.option(
        "--meta",
        metavar="NAME=VALUE",
        multiple=True,
        shell_complete=when_asked("completion", "complete_metadata"),
        help="Any other metadata: text, or a TOML value.",
    ),
    click.option(
        "--metadata",
        "metadata_file",
        metavar="FILE",
        type=FILE,
        help="A TOML or JSON file with metadata; its numbers are metrics if none are given.",
    ),
    click.option(
        "-m",
        "--message",
        metavar="TEXT",
        callback=to_message,
        help="The message of the commit and the tag.",
    ),
    click.option("--code", metavar="REV", help="The commit of the training code."),
    click.option("--data", metavar="NAME=DIGEST", multiple=True, help="A training data set and its digest."),
    click.option(
        "--param",
        "parameters",
        metavar="NAME=VALUE",
        multiple=True,
        shell_complete=when_asked("completion", "complete_parameters"),
        help="A training parameter.",
    ),
    click.option(
        "--params",
        "parameters_file",
        metavar="FILE",
        type=FILE,
        help="A JSON, YAML or TOML file with training parameters; - is standard input.",
    ),
    click.option(
        "--base",
        metavar="MODEL@V",
        callback=to_reference,
        shell_complete=complete_references,
        help="The version it was fine-tuned from.",
    ),
    click.option(
        "--serving",
        "serving_file",
        metavar="FILE",
        type=FILE,
        help="A TOML file with the serving configuration.",
    ),
    click.option(
        "--exclude",
        metavar="GLOB",
        multiple=True,
        help="Leave out files of a directory, as in .gitignore; '!GLOB' includes them again.",
    ),
    click.option("--strict", is_flag=True, help="Refuse an artifact that says itself that it is incomplete."),
    click.option("--propose", is_flag=True, help="Commit to a new branch for review, without a tag."),
    click.option("--direct", is_flag=True, help="Tag immediately, on any branch."),
)


def _commit(handle: Handle, revision: str) -> str:
    # A full commit id may belong to another repository, the one of the training code.
    whole = len(revision) in COMMIT_LENGTHS and all(c in "0123456789abcdef" for c in revision)
    return revision if whole else handle.git.resolve(revision)


def _base(handle: Handle, reference: Reference) -> str:
    row = find_row(handle, reference)
    return version_reference(row.model, row.version)
