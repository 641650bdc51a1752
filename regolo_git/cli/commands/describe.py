"""`git regolo describe`: lists the versions at a commit."""

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.streams import talk
from regolo_git.cli.tables import Cell, put_table
from regolo_git.records.references import version_reference
from regolo_git.registry.versions.describe import DescribedVersion
from regolo_git.registry.versions.describe import describe as find_versions


@click.command()
@click.argument("revision", metavar="[REV]", default="HEAD")
@form_options
def describe(revision: str, form: Form) -> None:
    """List the versions at the commit REV (default: HEAD).

    A version is tagged at that commit (`exact`), or inherited from an earlier commit (`inherited`).

    With --plain, one line for each version: reference, exact|inherited, tagged|untagged

    \b
    Examples:
      git regolo describe
      git regolo describe v2.3.0~1 --plain

    Exit status: 0 success, even if the commit has no version; 3 no such commit.
    """
    with open_handle() as handle:
        found = find_versions(handle, revision)
    if not found and form == "people":
        talk(f"no versions at {revision}")
        return
    emit(
        form,
        document=lambda: [
            {"model": v.model, "version": v.version, "exact": v.exact, "tagged": v.tagged} for v in found
        ],
        fields=lambda: [(_reference(v), _origin(v), "tagged" if v.tagged else "untagged") for v in found],
        page=lambda: put_table(
            [Column("VERSION"), Column("AT THIS COMMIT"), Column("TAG")],
            [
                (
                    Cell(_reference(v), "bold"),
                    Cell("tagged here", "green") if v.exact else "inherited",
                    "" if v.tagged else Cell("untagged", "yellow"),
                )
                for v in found
            ],
        ),
    )


def _reference(version: DescribedVersion) -> str:
    return version_reference(version.model, version.version)


def _origin(version: DescribedVersion) -> str:
    return "exact" if version.exact else "inherited"
