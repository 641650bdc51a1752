"""Creating a version interactively: progress, the question about unchanged content, and the next steps."""

import sys
from collections.abc import Sequence
from pathlib import Path

from regolo_git.cli.forms import Json, put_json, put_result
from regolo_git.cli.options.change import confirm
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import paint, talk, talk_next, talk_note
from regolo_git.errors import NotFound
from regolo_git.hints import Hint
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.carried import Described
from regolo_git.registry.versions.create import CreatedVersion, create_versions
from regolo_git.registry.versions.known_content import KnownContent
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.request import VersionRequest
from regolo_git.text.commits import short
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text


def check_order(verb: str, model: str, path: Path) -> None:
    """Raises NotFound if PATH and MODEL are swapped: a file named MODEL exists, and PATH does not."""
    if Path(model).exists() and not path.exists():
        hint = Hint(verb, str(path), model)
        raise NotFound(f"no such file or directory: '{path}'; the model's name comes first", hint)


def create(handle: Handle, request: VersionRequest, *, yes: bool) -> CreatedVersion:
    """Creates a version with a progress bar; asks first about content of the newest or a retired version."""
    created: list[CreatedVersion] = []
    _create(handle, [request], created, yes=yes, asks_of_older=False)
    return created[0]


def create_all(
    handle: Handle, requests: Sequence[VersionRequest], *, yes: bool, as_json: bool, as_list: bool
) -> None:
    """Creates and announces a version of each model from its recorded path, which nobody typed.

    So it asks about the content of an older version, too.  If a commit fails after others, those are
    announced all the same, and a note names the models without a version.
    """
    created: list[CreatedVersion] = []
    try:
        _create(handle, requests, created, yes=yes, asks_of_older=True)
    finally:
        _announce_all(created, as_json=as_json, as_list=as_list)
        if created and len(created) < len(requests):
            missing = [f"'{request.model}'" for request in requests[len(created) :]]
            talk_note(f"no version was created of {', '.join(missing)}")


def _create(
    handle: Handle,
    requests: Sequence[VersionRequest],
    created: list[CreatedVersion],
    *,
    yes: bool,
    asks_of_older: bool,
) -> None:
    of_model = {request.model: request for request in requests}
    with ProgressBar("storing") as bar:

        def judge(known: KnownContent) -> None:
            bar.stop()
            text = one_line(
                f"{_subject(of_model[known.model])} has the same content as '{known.reference}'"
                f"{known.retirement}"
            )
            if known.kind == "older" and not asks_of_older:
                talk_note(text)
            elif not yes:
                confirm(f"{text}. Create a version anyway?", otherwise=text)

        create_versions(
            handle, requests, on_same_content=judge, on_created=created.append, on_progress=bar.show
        )


def _subject(request: VersionRequest) -> str:
    source = request.source
    return f"'{source}'" if isinstance(source, str | Path) else "the new version"


def announce(created: CreatedVersion, *, as_json: bool) -> None:
    """Prints the new version: its reference on stdout, the details on stderr."""
    _talk(created)
    put_result(created.version.reference, _document(created), as_json=as_json)


def _announce_all(created: Sequence[CreatedVersion], *, as_json: bool, as_list: bool) -> None:
    """Prints versions, with `as_list` as one document."""
    for each in created:
        if as_json and as_list:
            _talk(each)
        else:
            announce(each, as_json=as_json)
    if created and as_json and as_list:
        put_json([_document(each) for each in created])


def _talk(created: CreatedVersion) -> None:
    version = created.version
    verb = "proposed" if version.tag is None else "created"
    talk(f"{verb} {paint(version.reference, sys.stderr, bold=True)} ({_stored(created)})")
    talk(f"  commit  {short(version.commit)} on {created.branch}")
    talk(f"  tag     {version.tag or 'none until it is merged'}")
    if created.skips_newest:
        talk(f"  parent  {', '.join(version.parents) or 'none'}, not the newest version")
    _talk_of_inherited(created.described)
    for step in _next_steps(created):
        talk_next(step)
    for notice in created.notices:
        talk_note(notice)


def _talk_of_inherited(about: Described) -> None:
    if about.carried:
        talk(one_line(f"  kept    {', '.join(about.carried)} of {about.parent}"))
    if about.left:
        talk(one_line(f"  metrics not carried over from {about.parent}: {', '.join(about.left)}"))
    if about.left_data:
        talk(one_line(f"  data not carried over from {about.parent}: {', '.join(about.left_data)}"))


def _stored(created: CreatedVersion) -> str:
    size, new = created.version.size_bytes, created.new_bytes
    if new == 0:
        return f"nothing new to store: all {size_text(size)} were already in the store"
    if size_text(new) == size_text(size):
        return f"stored {size_text(size)}"
    return f"stored {size_text(new)} of {size_text(size)}; the rest was already in the store"


def _next_steps(created: CreatedVersion) -> list[str]:
    version = created.version
    if version.tag is None:
        return [
            str(Hint("push")),
            "after the merge, CI runs `git regolo tag --merged`",
        ]
    if not version.parents:
        return [f"git regolo show {version.model_id}"]
    parent = version_reference(version.model_id, version.parents[0])
    measured = [f"{one_line(name)}=VALUE" for name in created.described.left[:1]]
    evaluate = [str(Hint("evaluate", version.reference, "--metric", text)) for text in measured]
    return [*evaluate, f"git regolo diff {parent} {version.version}"]


def version_document(version: ModelVersion, branch: str) -> dict[str, Json]:
    """What `--json` has of a version that a command has just committed to a branch."""
    return {
        "model": version.model_id,
        "version": version.version,
        "reference": version.reference,
        "status": version.status,
        "tag": version.tag,
        "branch": branch,
        "commit": version.commit,
        "digest": version.digest,
        "parents": list(version.parents),
        "size": version.size_bytes,
    }


def _document(created: CreatedVersion) -> Json:
    return {
        **version_document(created.version, created.branch),
        "inherited": list(created.described.carried),
        "new_bytes": created.new_bytes,
        "notices": [one_line(notice) for notice in created.notices],
    }
