"""`git regolo seal`: seals a manifest again that was edited or merged by hand."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.options.change import Consent, consent_options, message_option
from regolo_git.cli.streams import talk, talk_next
from regolo_git.records.paths import manifest_path
from regolo_git.registry.versions.seal_again import SealPlan, plan_seal
from regolo_git.registry.versions.seal_again import seal as carry_out
from regolo_git.text.commits import short
from regolo_git.text.printable import one_line


@click.command()
@model_argument()
@message_option
@consent_options
@json_option
def seal(model: str, message: str | None, consent: Consent, as_json: bool) -> None:
    """Seal the manifest of MODEL again, after you edited it or resolved a merge.

    The seal holds the version's number, parents, content, metrics and lineage together; description, metadata
    and serving may be edited without it.  Shows what changed since the last sealed manifest on the branch,
    and asks for confirmation; without a terminal it requires --yes.  If the file in the work tree was edited,
    it is sealed there, for you to commit, and brought to its one form; otherwise the branch's manifest is
    sealed by a commit.

    \b
    Examples:
      git regolo seal sentiment --dry-run
      git regolo seal sentiment --yes -m "metrics of the second merge"

    Exit status: 0 success, even if the seal was right; 2 invalid input; 3 no such model; 4 not confirmed, the
    version is tagged with other content, or the registry has uncommitted changes; 5 the manifest cannot be
    read.
    """
    with open_handle() as handle:
        plan = plan_seal(handle, model)
        reference, commit = plan.manifest.reference, None
        proceed = plan.problem is not None
        if plan.is_rewritten:
            talk(f"{one_line(reference)} is sealed, and its file is not in its one form")
            proceed = not consent.dry_run
        elif not proceed:
            how = "is sealed" if plan.manifest.seal is not None else "was tagged without a seal"
            talk(f"{one_line(reference)} {how}; nothing to do")
        else:
            _show(plan)
            proceed = consent.given(
                f"Seal {reference} as it is?",
                otherwise=f"refusing to seal '{reference}' without confirmation",
            )
        if proceed:
            commit = carry_out(handle, plan, message)
    if proceed and commit is None:
        talk_next(f"git add {manifest_path(model)}")
    elif commit is not None:
        talk(f"sealed {reference} in commit {short(commit)} on {plan.branch}")
    document: dict[str, Json] = {
        "model": model,
        "version": plan.manifest.version,
        "problem": plan.problem,
        "since": plan.since,
        "changes": [{"key": c.key, "before": c.before, "after": c.after} for c in plan.changes],
        "file": str(plan.file) if plan.file is not None else None,
        "sealed": proceed,
        "commit": commit,
    }
    put_result(reference if proceed else None, document, as_json=as_json)


def _show(plan: SealPlan) -> None:
    place = "the file in the work tree" if plan.file is not None else f"branch '{plan.branch}'"
    talk(one_line(f"seal {plan.manifest.reference} in {place}: {plan.problem}"))
    if plan.since is None:
        talk("  no manifest of the model in the history of the branch is sealed")
    for change in plan.changes:
        talk(one_line(f"  {change.key}  {change.before or 'none'} -> {change.after or 'none'}"))
    if plan.since is not None and not plan.changes:
        talk(one_line(f"  nothing changed since {plan.since} was sealed"))
