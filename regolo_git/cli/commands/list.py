"""`git regolo list`: the models, or the versions of one.

Without `--metric` it answers from the tag cache and does not open Git.
"""

import sys
from collections.abc import Iterator, Sequence

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.status_style import status_cell
from regolo_git.cli.streams import is_terminal, talk
from regolo_git.cli.tables import Cell, put_table
from regolo_git.errors import InvalidInput
from regolo_git.registry.lookup import WITHOUT_TAGS, list_versions, untagged_models
from regolo_git.registry.models import ModelSummary, summarise_models
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.commits import person
from regolo_git.text.numbers import counted, number_text
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text
from regolo_git.text.times import local_time

SCREENFUL = 30


@click.command("list")
@model_argument(required=False)
@click.option("--metric", "metrics", metavar="NAME", multiple=True, help="Add a column with this metric.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="The N newest versions only.")
@click.option("--all", "everything", is_flag=True, help="On a terminal, more than a screenful too.")
@form_options
def list_(
    model: str | None,
    metrics: tuple[str, ...],
    limit: int | None,
    everything: bool,
    form: Form,
) -> None:
    """List the models, or the versions of MODEL, the newest (highest) first.

    On a terminal the first 30 versions are shown, unless --all or --limit says otherwise; a pipe gets all.

    \b
    With --plain, one line for each:
      model    name, number of versions, latest, time, environment=version ...
      version  version, status, bytes, time, who, digest, commit, tag, message,
               metrics asked for

    \b
    Examples:
      git regolo list
      git regolo list sentiment --metric accuracy --metric latency_ms
      git regolo list sentiment --plain | cut -f1

    Exit status: 0 done; 2 bad input; 3 no such model, or no registry here.
    """
    if limit is not None and everything:
        raise InvalidInput("'--limit' and '--all' exclude each other")
    if model is None:
        if metrics:
            raise InvalidInput("'--metric' needs a model", "git regolo list MODEL --metric NAME")
        _list_models(form, limit)
    else:
        _list_versions(model, metrics, _number_to_show(form, limit, everything), form)


def _number_to_show(form: Form, limit: int | None, everything: bool) -> int | None:
    if limit is None and form == "people" and not everything and is_terminal(sys.stdout):
        return SCREENFUL
    return limit


def _list_models(form: Form, limit: int | None) -> None:
    with open_handle() as handle:
        models = summarise_models(handle)[:limit]
        untagged = untagged_models(handle) if not models and form == "people" else []
    if untagged:
        talk(f"no version tags in this clone, of {counted(len(untagged), 'model')}\n  next    {WITHOUT_TAGS}")
        return
    if not models and form == "people":
        talk("no models yet\n  next    git regolo register MODEL PATH")
        return
    emit(
        form,
        document=lambda: [_model_document(model) for model in models],
        fields=lambda: [
            (m.name, m.versions, m.latest, m.updated_at, *(f"{e}={v}" for e, v in m.environments.items()))
            for m in models
        ],
        page=lambda: put_table(
            [
                Column("MODEL"),
                Column("VERSIONS", right=True),
                Column("LATEST"),
                Column("UPDATED", spare=1),
                Column("IN", flexible=True),
            ],
            [
                (
                    Cell(m.name, "bold"),
                    str(m.versions),
                    m.latest,
                    local_time(m.updated_at),
                    Cell(" ".join(f"{e}={v}" for e, v in m.environments.items()), "green"),
                )
                for m in models
            ],
        ),
    )


def _model_document(model: ModelSummary) -> Json:
    return {
        "model": model.name,
        "versions": model.versions,
        "latest": model.latest,
        "updated_at": model.updated_at,
        "environments": dict(model.environments),
    }


def _list_versions(model: str, metrics: Sequence[str], limit: int | None, form: Form) -> None:
    with open_handle() as handle:
        every = list_versions(handle, model)[::-1]
        versions = every[:limit]
        emit(
            form,
            document=lambda: [_version_document(version, metrics) for version in versions],
            fields=lambda: (list(_fields(version, metrics)) for version in versions),
            page=lambda: _put_versions(versions, metrics),
        )
    if form == "people" and len(versions) < len(every):
        talk(f"and {counted(len(every) - len(versions), 'older version')}: git regolo list {model} --all")


def _version_document(version: ModelVersion, metrics: Sequence[str]) -> Json:
    document: dict[str, Json] = {
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
        document["metrics"] = {name: version.metrics.get(name) for name in metrics}
    return document


def _fields(version: ModelVersion, metrics: Sequence[str]) -> Iterator[object]:
    yield from (version.version, version.status, version.size_bytes, version.created_at, version.created_by)
    yield from (version.digest, version.commit, version.tag, version.message)
    for name in metrics:
        yield version.metrics.get(name)


def _put_versions(versions: Sequence[ModelVersion], metrics: Sequence[str]) -> None:
    put_table(
        [
            Column("VERSION"),
            Column("STATUS"),
            *(Column(name.upper(), right=True) for name in metrics),
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
