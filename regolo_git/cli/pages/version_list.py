"""The output of `list MODEL`: versions, with the requested metrics."""

from collections.abc import Sequence

from regolo_git.cli.columns import Column
from regolo_git.cli.forms import Json
from regolo_git.cli.pages.status_style import status_cell
from regolo_git.cli.tables import Cell, put_table
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.commits import person
from regolo_git.text.numbers import number_text
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text
from regolo_git.text.times import local_time


def document(version: ModelVersion, metrics: Sequence[str]) -> Json:
    """A version as a JSON document."""
    found: dict[str, Json] = {
        "model": version.model_id,
        "version": version.version,
        "reference": version.reference,
        "status": version.status,
        "size": version.size_bytes,
        "created_at": version.created_at,
        "created_by": version.created_by,
        "digest": version.digest,
        "commit": version.commit,
        "tag": version.tag,
        "message": version.message,
    }
    if metrics:
        found["metrics"] = {name: version.metrics.get(name) for name in metrics}
    return found


def fields(version: ModelVersion, metrics: Sequence[str]) -> list[object]:
    """A version as tab-separated fields."""
    return [
        version.version,
        version.status,
        version.size_bytes,
        version.created_at,
        version.created_by,
        version.digest,
        version.commit,
        version.tag,
        version.message,
        *(version.metrics.get(name) for name in metrics),
    ]


def put_versions(versions: Sequence[ModelVersion], metrics: Sequence[str]) -> None:
    """Prints a table of versions."""
    put_table(
        [
            Column("VERSION"),
            Column("STATUS"),
            *(Column(one_line(name.upper()), right=True) for name in metrics),
            Column("SIZE", right=True),
            Column("CREATED"),
            Column("BY", spare=1),
            Column("MESSAGE", flexible=True),
        ],
        [
            (
                Cell(version.version, "bold"),
                status_cell(version.status),
                *(number_text(version.metrics.get(name)) for name in metrics),
                size_text(version.size_bytes),
                local_time(version.created_at),
                one_line(person(version.created_by)),
                Cell(one_line(version.message), "dim"),
            )
            for version in versions
        ],
    )
