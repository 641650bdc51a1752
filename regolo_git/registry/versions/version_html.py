"""What a notebook shows of a version and of a model.

An unreadable manifest does not hide the rest.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from regolo_git.errors import RegoloError
from regolo_git.text.commits import short
from regolo_git.text.html import facts, framed, section, table, title
from regolo_git.text.numbers import counted, number_text, shares_text
from regolo_git.text.sizes import size_text
from regolo_git.text.times import local_time

if TYPE_CHECKING:
    from regolo_git.registry.models import Model
    from regolo_git.registry.versions.model_version import ModelVersion

DIGEST_SHOWN = len("sha256:") + 12
VERSIONS_SHOWN = 30


def version_html(version: "ModelVersion") -> str:
    """The page of a version: what its tag says, its metrics, and how it was described."""
    return framed([title(version.reference), facts(_facts(version)), *_measured(version)])


def _facts(version: "ModelVersion") -> Iterator[tuple[str, str]]:
    places = [name for name in version.environments if name != version.status]
    yield "status", ", ".join([version.status, *places])
    if version.endpoints:
        yield "traffic", shares_text(version.endpoints)
    if version.retirement is not None:
        yield "retired", version.retirement.text
    if version.labels:
        yield "labels", ", ".join(f"{name}={value}" for name, value in version.labels.items())
    yield "created", f"{local_time(version.created_at)} by {version.created_by}"
    if version.message:
        yield "message", version.message
    yield "size", size_text(version.size_bytes)
    yield "digest", version.digest[:DIGEST_SHOWN]
    if version.commit:
        yield "commit", short(version.commit)


def _measured(version: "ModelVersion") -> Iterator[str]:
    try:
        manifest, measured = version.manifest, version.measured
    except RegoloError as error:
        yield section(error.message)
        return
    about = {"description": manifest.description, "parent": ", ".join(manifest.parents)}
    yield facts((name, text) for name, text in about.items() if text)
    if measured:
        yield section("metrics")
        rows = [
            (
                name,
                number_text(held.measurement.value),
                f"measured later by {held.evaluation.who}" if held.evaluation is not None else "",
            )
            for name, held in measured.items()
        ]
        yield table(("metric", "value", ""), rows, numbers=("value",))


def model_html(model: "Model") -> str:
    """The page of a model: its card, and a line for each of its newest versions."""
    about = {"description": model.description, "owner": model.card.owner}
    newest = model.versions[::-1][:VERSIONS_SHOWN]
    rows = [
        (
            version.version,
            version.status,
            size_text(version.size_bytes),
            local_time(version.created_at),
            version.message,
        )
        for version in newest
    ]
    parts = [
        title(model.name),
        facts((name, text) for name, text in about.items() if text),
        table(("version", "status", "size", "created", "message"), rows, numbers=("size",)),
    ]
    if len(model.versions) > len(newest):
        parts.append(section(f"and {counted(len(model.versions) - len(newest), 'older version')}"))
    return framed(parts)
