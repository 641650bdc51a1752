"""`git regolo describe`: which versions a commit is."""

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
    """Say which versions the commit REV is (default: HEAD).

    A version is `exact` where its tag is on that very commit, and `in force` where an earlier commit brought
    it and it still stands.

    With --plain, one line for each: reference, exact|in force, tagged|untagged

    \b
    Examples:
      git regolo describe
      git regolo describe v2.3.0~1 --plain

    Exit status: 0 done, also where the commit has no version; 3 no such commit.
    """
    with open_handle() as handle:
        found = find_versions(handle, revision)
    if not found and form == "people":
        talk(f"no version in {revision}")
        return
    emit(
        form,
        document=lambda: [
            {"model": v.model, "version": v.version, "exact": v.exact, "tagged": v.tagged} for v in found
        ],
        fields=lambda: [(_reference(v), _place(v), "tagged" if v.tagged else "untagged") for v in found],
        page=lambda: put_table(
            [Column("VERSION"), Column("HERE"), Column("TAG")],
            [
                (
                    Cell(_reference(v), "bold"),
                    Cell(_place(v), "green" if v.exact else ""),
                    "" if v.tagged else Cell("no tag yet", "yellow"),
                )
                for v in found
            ],
        ),
    )


def _reference(version: DescribedVersion) -> str:
    return version_reference(version.model, version.version)


def _place(version: DescribedVersion) -> str:
    return "exact" if version.exact else "in force"
