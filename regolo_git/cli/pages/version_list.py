"""The output of `list MODEL`: versions, with the requested metrics."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from regolo_git.cli.columns import Column
from regolo_git.cli.dates import shown_time
from regolo_git.cli.forms import Json
from regolo_git.cli.pages.clashes import clashes_document
from regolo_git.cli.pages.status_style import labels_text, version_cell
from regolo_git.cli.streams import put
from regolo_git.cli.tables import Cell, put_table
from regolo_git.records.kinds import is_number
from regolo_git.registry.clashes import Clash
from regolo_git.registry.versions.model_version import ModelVersion, measured_later
from regolo_git.registry.versions.version_values import summary_of
from regolo_git.text.commits import person
from regolo_git.text.numbers import rounded_text, shares_text
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text

if TYPE_CHECKING:
    from regolo_git.records.filter_expression import Value

Line = tuple[ModelVersion, "Mapping[str, Value | None]"]  # a version with the requested metrics


def document(line: Line, clashes: Sequence[Clash]) -> Json:
    """A version as a JSON document, with what another clone has under its number."""
    version, metrics = line
    found: dict[str, Json] = {
        **summary_of(version),
        "clashes": clashes_document([clash for clash in clashes if clash.version == version.version]),
    }
    found["metrics"] = dict(cast("Mapping[str, Json]", metrics))
    found["measured_later"] = sorted(measured_later(version) & metrics.keys())
    return found


def fields(line: Line, *, with_model: bool = False, named: bool = False) -> list[object]:
    """A version as tab-separated fields, the first one its model if versions of several are listed.

    Metrics are `NAME=VALUE` if `named`, where those of one version are not those of another.
    """
    version, metrics = line
    values = [f"{name}={value}" for name, value in metrics.items() if value is not None]
    return [
        *([version.model_id] if with_model else []),
        version.version,
        version.status,
        version.size_bytes,
        version.created_at,
        version.created_by,
        version.digest,
        version.commit,
        version.tag,
        version.message,
        *(values if named else metrics.values()),
    ]


def put_versions(
    lines: Sequence[Line],
    metrics: Sequence[str],
    *,
    newest: str | None = None,
    with_model: bool = False,
    marked: bool = True,
) -> None:
    """Prints a table of versions; if `marked`, the one that the branch has is, unless it is the `newest`."""
    put_table(
        [
            Column("VERSION"),
            Column("STATUS"),
            Column("ENDPOINTS", flexible=True),
            *(Column(one_line(name.upper()), right=True) for name in metrics),
            Column("SIZE", right=True),
            Column("CREATED", spare=1),
            Column("BY", spare=3),
            Column("LABELS", flexible=True),
            Column("MESSAGE", flexible=True, spare=2),
            Column("RETIRED", flexible=True),
        ],
        [
            (
                Cell(version.reference if with_model else version.version, "bold"),
                version_cell(version, current=marked and version.current and version.version != newest),
                Cell(shares_text(version.endpoints), "green"),
                *_texts(version, measured),
                size_text(version.size_bytes),
                shown_time(version.created_at),
                one_line(person(version.created_by)),
                labels_text(version),
                Cell(one_line(version.message), "dim"),
                Cell(_retirement(version), "dim"),
            )
            for version, measured in lines
        ],
    )
    if any(measured_later(version) & measured.keys() for version, measured in lines if measured):
        put("* measured after the version was created; git regolo show says when and by whom")


def _retirement(version: ModelVersion) -> str:
    """Why it was retired, then by whom and when: a narrow terminal cuts the end."""
    retired = version.retirement
    if retired is None:
        return ""
    return one_line(f"{retired.reason} ({person(retired.who)}, {shown_time(retired.when)})")


def _texts(version: ModelVersion, measured: "Mapping[str, Value | None]") -> list[str]:
    """The requested metrics; one that was measured later has a star."""
    later = measured_later(version) if measured else ()
    return [_text(value) + ("*" if name in later else "") for name, value in measured.items()]


def _text(value: "Value | None") -> str:
    if value is None or is_number(value):
        return rounded_text(value)
    return one_line(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
