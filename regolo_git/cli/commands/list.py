"""`git regolo list`: lists models, or the versions of a model.

Without metrics the tag cache is enough, and Git is not opened.
"""

import sys
from collections.abc import Sequence

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.dates import date_option
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.selection import Selection, selection_options
from regolo_git.cli.options.when_asked import when_asked
from regolo_git.cli.pages import model_list, version_list
from regolo_git.cli.pages.clashes import talk_of_clashes
from regolo_git.cli.pages.shallow import is_shallow, talk_of_missing_parents
from regolo_git.cli.pages.unpushed import talk_of_unpushed_versions
from regolo_git.cli.streams import is_terminal, talk, talk_next, talk_note
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.names import check_model_name
from regolo_git.registry.clashes import find_clashes
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import WITHOUT_TAGS, list_versions, untagged_models
from regolo_git.registry.models import summarize_models
from regolo_git.registry.proposal_tips import proposal_tips
from regolo_git.registry.sync.unpushed import unpushed_references
from regolo_git.registry.sync.unsent import unsent_references
from regolo_git.registry.version_status import Statuses, read_statuses
from regolo_git.registry.versions.model_version import ModelVersion, known_metrics
from regolo_git.text.numbers import counted, few_of
from regolo_git.text.printable import one_line

SCREENFUL = 30
NAMED = 3


@click.command("list")
@click.argument(
    "model",
    metavar="[MODEL|REV:MODEL|RANGE]",
    required=False,
    callback=lambda _, __, value: _checked(value),
    shell_complete=when_asked("targets", "complete_model"),
)
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    shell_complete=when_asked("completion", "complete_metrics"),
    help="Add a column with this metric.",
)
@click.option("--metrics", "every_metric", is_flag=True, help="Add a column for each metric.")
@selection_options
@click.option(
    "-n", "--limit", metavar="N", type=click.IntRange(min=1), help="Show only the first N, by default newest."
)
@click.option("--remote", is_flag=True, help="List the versions of MODEL at the remote.")
@click.option("--all", "everything", is_flag=True, help="Show more than one screenful on a terminal.")
@date_option
@form_options
def list_(
    model: str | None,
    metrics: tuple[str, ...],
    every_metric: bool,
    selection: Selection,
    limit: int | None,
    everything: bool,
    remote: bool,
    form: Form,
) -> None:
    """List the models, or the versions of MODEL from the highest to the lowest.

    A version that no released branch contains is "not merged", and the one on the registry branch "current"
    unless it is the newest, as after `git regolo revert`; MODEL@latest is the highest merged release all the
    same.  Every environment and endpoint of a version is shown, and every endpoint that does not serve the
    version of the environment that it follows.

    REV:MODEL lists the versions in the history of a branch, a proposal or any commit; MODEL@A..B those after
    A, up to B.  A..B, of two commits, lists the models that differ, and with --where, --sort, --label or
    --metrics the versions that the commits between them brought.

    --where and --sort choose among these versions, or without an argument among those of all models, as in
    "accuracy > 0.9 and not license == 'gpl-3.0' and has eval.f1".  A name is version, status, size, created,
    author, message, model, digest, environment or endpoint, else a metric, a key of the metadata, a
    parameter or a label.  A comparison with what a version does not have is false.  --json has every metric
    of each version, unless --metric names some.

    With --remote, the remote of the registry branch is asked for its tags of MODEL.  Versions that were not
    pushed and proposals that wait, as of the last exchange with `origin`, are named on stderr.  With --json,
    `clashes` has what another clone pushed under a number of this clone.  A terminal shows 30 versions.

    \b
    With --plain, one line for each model or version:
      model    name, number of versions, latest, time, environment=version ...
      version  version, status, bytes, time, author, digest, commit, tag,
               message, metrics (of all models, the model first;
               with --metrics each is NAME=VALUE)
      range    model, version before, version after, bump, verdicts
      remote   version, here|absent|differs, tag, object of the tag, remote

    \b
    Examples:
      git regolo list sentiment --metric accuracy --metric latency_ms
      git regolo list sentiment --where "accuracy > 0.9" --sort -f1_score -n 5
      git regolo list main..HEAD
      git regolo list sentiment --remote

    Exit status: 0 success; 2 invalid input; 3 no such model or remote, or not in a registry; 6 the remote
    cannot be reached.
    """
    shown = _number_to_show(form, limit, everything)
    _check_metrics(model, metrics, selection, every_metric=every_metric)
    if remote:
        _list_remote(model, metrics, selection, limit, form, every_metric=every_metric)
    elif selection.is_given or (model is not None and (every_metric or _is_target(model))):
        _list_selected(model, selection, metrics, shown, form, every_metric=every_metric)
    elif model is None:
        _list_models(form, limit)
    else:
        _list_versions(model, metrics, shown, form)


def _check_metrics(
    model: str | None, metrics: Sequence[str], selection: Selection, *, every_metric: bool
) -> None:
    if metrics and every_metric:
        raise InvalidInput("--metric and --metrics cannot be used together")
    if model is None and (metrics or every_metric) and not selection.is_given:
        option = ["--metric", metrics[0]] if metrics else ["--metrics"]
        raise InvalidInput(f"{option[0]} requires a model", Hint("list", "MODEL", *option))


def _checked(text: str | None) -> str | None:
    return check_model_name(text) if text is not None and not _is_target(text) else text


def _is_target(text: str) -> bool:
    """Whether it names something at a commit, or a range."""
    return ":" in text or ".." in text


def _number_to_show(form: Form, limit: int | None, everything: bool) -> int | None:
    if limit is not None and everything:
        raise InvalidInput("--limit and --all cannot be used together")
    if limit is None and form == "people" and not everything and is_terminal(sys.stdout):
        return SCREENFUL
    return limit


def _list_remote(
    model: str | None,
    metrics: Sequence[str],
    selection: Selection,
    limit: int | None,
    form: Form,
    *,
    every_metric: bool,
) -> None:
    from regolo_git.cli.pages import remote_list  # noqa: PLC0415 - most lists ask no remote
    from regolo_git.registry.remote_versions import list_remote_versions  # noqa: PLC0415 - as above

    if selection.is_given:
        raise InvalidInput("--where, --label and --sort are for versions in this clone", Hint("fetch"))
    if model is None:
        raise InvalidInput("--remote requires a model", Hint("list", "MODEL", "--remote"))
    if metrics or every_metric:
        raise InvalidInput("--metric and --remote cannot be used together", Hint("fetch"))
    with open_handle() as handle:
        versions = list_remote_versions(handle, model)[::-1][:limit]
    emit(
        form,
        document=lambda: [version.to_dict() for version in versions],
        fields=lambda: (remote_list.fields(version) for version in versions),
        page=lambda: remote_list.put_remote_versions(versions),
    )


def _list_models(form: Form, limit: int | None) -> None:
    with open_handle() as handle:
        models = summarize_models(handle)[:limit]
        asked = form == "people" and (not models or is_shallow(handle))
        untagged = untagged_models(handle) if asked else []
        clashes = find_clashes(handle) if form != "plain" else []
        statuses = read_statuses(handle)
        unpushed = unpushed_references(handle, statuses) if models and form == "people" else ()
        if untagged and not models:
            talk(f"{counted(len(untagged), 'model')} in this clone, but no version tags")
            talk_next(WITHOUT_TAGS)
        elif not models and form == "people":
            talk("no models yet")
            talk_next("git regolo register MODEL PATH")
        else:
            emit(
                form,
                document=lambda: [model_list.document(model, clashes) for model in models],
                fields=lambda: [model_list.fields(model) for model in models],
                page=lambda: model_list.put_models(models),
            )
        if untagged and models:
            named = few_of([f"'{one_line(name)}'" for name in untagged[:NAMED]], len(untagged))
            talk_note(f"this shallow clone has no version tag of {named}")
            talk_next(WITHOUT_TAGS)
        if form == "people":
            talk_of_clashes(clashes)
            talk_of_unpushed_versions(unpushed, unsent_references(handle, statuses))
            _talk_of_proposals(handle, statuses)


def _list_selected(
    text: str | None,
    selection: Selection,
    metrics: Sequence[str],
    limit: int | None,
    form: Form,
    *,
    every_metric: bool,
) -> None:
    from regolo_git.cli.pages.selected_list import list_changes, list_selected  # noqa: PLC0415 - it opens Git

    chosen = selection.is_given or every_metric or bool(metrics)
    if chosen or text is None or not list_changes(text, form):
        list_selected(text, selection, metrics, limit, form, every_metric=every_metric)


def _list_versions(model: str, metrics: Sequence[str], limit: int | None, form: Form) -> None:
    with open_handle() as handle:
        every = list_versions(handle, model)[::-1]
        if form == "json" and not metrics:
            lines = _with_every_metric(handle, every[:limit])
        else:
            lines = [(version, _measured(handle, version, metrics)) for version in every[:limit]]
        _refuse_unknown(handle, model, [name for name in metrics if not _is_measured(lines, name)])
        found = find_clashes(handle) if form != "plain" else []
        clashes = [clash for clash in found if clash.model == model]
        emit(
            form,
            document=lambda: [version_list.document(line, clashes) for line in lines],
            fields=lambda: (version_list.fields(line) for line in lines),
            page=lambda: version_list.put_versions(lines, metrics, newest=_newest(every)),
            long=limit != SCREENFUL,
        )
        if form == "people":
            talk_of_missing_parents(handle, [version for version, _ in lines])
            talk_of_clashes(clashes)
            statuses = read_statuses(handle)
            talk_of_unpushed_versions(
                unpushed_references(handle, statuses, model), unsent_references(handle, statuses, model)
            )
            _talk_of_proposals(handle, statuses, model)
        left_out = [version for version in every[limit:] if version.current] if limit is not None else []
    if form == "people" and len(lines) < len(every):
        for version in left_out:
            talk(f"{version.reference} is the current version on the branch")
        talk(f"and {counted(len(every) - len(lines), 'older version')}: git regolo list {model} --all")


def _talk_of_proposals(handle: Handle, statuses: Statuses, model: str | None = None) -> None:
    if proposal_tips(handle):
        from regolo_git.cli.pages.proposals import talk_of_proposals  # noqa: PLC0415 - see proposal_tips
        from regolo_git.registry.waiting_proposals import waiting_proposals  # noqa: PLC0415 - see proposal_tips

        talk_of_proposals(handle, waiting_proposals(handle, statuses, model), statuses.branch)


def _newest(versions: Sequence[ModelVersion]) -> str | None:
    """The version that a branch normally has: the first merged one, from the highest to the lowest."""
    return next((version.version for version in versions if version.merged), None)


def _is_measured(lines: Sequence[version_list.Line], metric: str) -> bool:
    return any(measured[metric] is not None for _, measured in lines)


def _refuse_unknown(handle: Handle, model: str, metrics: Sequence[str]) -> None:
    """Raises NotFound for a metric that no version of a model has, shown or not."""
    if metrics:
        from regolo_git.cli.pages.selected_list import say_slow  # noqa: PLC0415 - only after a mistake
        from regolo_git.registry.unknown_metric import refuse_unknown_metrics  # noqa: PLC0415 - as above

        refuse_unknown_metrics(handle, model, handle.index.rows(model), metrics, say_slow)


def _measured(handle: Handle, version: ModelVersion, metrics: Sequence[str]) -> dict[str, int | float | None]:
    """The requested metrics of a version; Git is opened only for them."""
    known = (known_metrics(handle, version) or {}) if metrics else {}
    return {name: known.get(name) for name in metrics}


def _with_every_metric(handle: Handle, versions: Sequence[ModelVersion]) -> list[version_list.Line]:
    from regolo_git.cli.pages.selected_list import say_slow  # noqa: PLC0415 - it opens Git
    from regolo_git.registry.queried_values import metrics_of  # noqa: PLC0415 - as above

    return list(zip(versions, metrics_of(handle, versions, say_slow), strict=True))
