"""`git regolo hook`: runs one hook, as scripts of Git and of pre-commit call it."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from regolo_git.cli.failure import say_error
from regolo_git.cli.streams import talk_note
from regolo_git.errors import InvalidInput, NotFound, PolicyRefused, RegoloError
from regolo_git.git.discover import RepositoryPaths, find_repository
from regolo_git.hooks.commit_checks import CHECKS, check_commit
from regolo_git.hooks.remark import Remark
from regolo_git.text.nearest import nearest
from regolo_git.text.sizes import parse_size

SERVER, AFTERWARDS = "pre-receive", "post-"


class Call(NamedTuple):
    """A hook that is called: the repository, and the arguments that Git or a framework gives."""

    paths: RepositoryPaths
    arguments: Sequence[str]
    limit: int | None


def _size(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    size = parse_size(value) if value is not None else None
    if value is not None and size is None:
        raise InvalidInput(f"'{value}' is not a size", "write it as 500kB, 5MB or 16MiB")
    return size


@click.command()
@click.argument("name")
@click.argument("arguments", nargs=-1, metavar="[ARGUMENT]...", type=click.UNPROCESSED)
@click.option(
    "--limit",
    metavar="SIZE",
    callback=_size,
    help="For no-model-bytes: the size from which any file is refused.  [default: 5MB]",
)
@click.pass_context
def hook(context: click.Context, name: str, arguments: tuple[str, ...], limit: int | None) -> None:
    """Run the hook NAME, as Git and the pre-commit framework call it.

    \b
    manifest          staged records: readable, in their one form, sealed
    no-model-bytes    staged files that should be versions
    pickle-names      names that pickles ask for; nothing is loaded
    policy            the gates, by the rules of HEAD
    pre-commit        these four, as `git commit` runs them
    pre-merge-commit  the same, as `git merge` runs them
    artifacts-pushed  bytes of what a push sends are in the shared store
    pre-push          the same, and tags of versions never move
    post-checkout, post-merge
                      files of models that are missing or of another version
    pre-receive       what a push brings to a bare repository

    The first four take files, which are read from the index; without any, they check what is staged.  They
    read the index that Git names, so a partial commit is checked as it will be.

    \b
    Examples:
      git regolo hook manifest
      git regolo hook no-model-bytes --limit 20MB

    Exit status: 0 nothing stops the commit or the push; 2 no such hook; 8 something does.
    """
    run = HOOKS.get(name)
    if run is None:
        step = f"git regolo hook {nearest(name, list(HOOKS)) or '-h'}"
        raise InvalidInput(f"there is no hook '{name}'", step)
    try:
        paths = find_repository(Path.cwd(), os.environ)
        if _said(run(Call(paths, arguments, limit))):
            context.exit(PolicyRefused.exit_code)
    except RegoloError as error:
        # A repository that cannot be a registry has nothing to check, and a checkout is done already.
        nothing = isinstance(error, NotFound | InvalidInput) and name != SERVER
        if not nothing and not name.startswith(AFTERWARDS):
            raise
        talk_note(f"not checked: {error.message}")


def _said(remarks: Iterator[Remark]) -> bool:
    """Prints each remark once; returns whether one stops what Git is about to do."""
    seen: set[str] = set()
    stops = False
    for remark in remarks:
        if remark.what in seen:
            continue
        seen.add(remark.what)
        stops = stops or remark.blocks
        if remark.blocks:
            say_error(remark.what, remark.hint)
        else:
            talk_note(f"{remark.what} ({remark.hint})" if remark.hint else remark.what)
    return stops


# -- each kind of hook; what it needs is imported when it runs ---------------------------------------------

# ruff: noqa: PLC0415


def _one_check(name: str) -> Callable[[Call], Iterator[Remark]]:
    return lambda call: check_commit(call.paths, [name], call.arguments, call.limit)


def _before_commit(call: Call) -> Iterator[Remark]:
    return check_commit(call.paths, list(CHECKS), limit=call.limit)


def _before_push(call: Call) -> Iterator[Remark]:
    from regolo_git.hooks.moved_refs import moved_tags, sent_refs
    from regolo_git.hooks.sent_bytes import check_sent_bytes

    refs = sent_refs(_lines())
    yield from moved_tags(refs)
    yield from check_sent_bytes(call.paths, _remote(call), refs)


def _artifacts_pushed(call: Call) -> Iterator[Remark]:
    from regolo_git.hooks.moved_refs import sent_refs
    from regolo_git.hooks.sent_bytes import check_sent_bytes

    yield from check_sent_bytes(call.paths, _remote(call), sent_refs(_framework_lines() or _lines()))


def _after_checkout(call: Call) -> Iterator[Remark]:
    from regolo_git.hooks.after_checkout import after_checkout

    given = [*call.arguments, os.environ.get("PRE_COMMIT_FROM_REF", ""), "", ""][:3]
    kind = os.environ.get("PRE_COMMIT_CHECKOUT_TYPE", given[2] or "1")
    if kind == "1" and given[0]:  # "0" is a checkout of files, which moves no commit
        yield from after_checkout(call.paths, given[0])


def _after_merge(call: Call) -> Iterator[Remark]:
    from regolo_git.hooks.after_checkout import BEFORE_MERGE, after_checkout

    yield from after_checkout(call.paths, BEFORE_MERGE)


def _received(call: Call) -> Iterator[Remark]:
    from regolo_git.hooks.moved_refs import received_refs
    from regolo_git.hooks.received import check_received

    yield from check_received(call.paths, received_refs(_lines()))


def _lines() -> list[str]:
    """The lines that Git gives; a ref may have any bytes."""
    if sys.stdin is None or sys.stdin.isatty():
        return []
    return os.fsdecode(sys.stdin.buffer.read()).split("\n")


def _framework_lines() -> list[str]:
    """The one line that the pre-commit framework knows of a push."""
    from regolo_git.hooks.moved_refs import NOTHING, TAGS

    given = [os.environ.get(f"PRE_COMMIT_{name}", "") for name in ("LOCAL_BRANCH", "TO_REF", "REMOTE_BRANCH")]
    known = "" if given[2].startswith(TAGS) else os.environ.get("PRE_COMMIT_FROM_REF", "")
    return [" ".join([*given, known or NOTHING])] if all(given) else []


def _remote(call: Call) -> str:
    return os.environ.get("PRE_COMMIT_REMOTE_NAME") or next(iter(call.arguments), "")


HOOKS: dict[str, Callable[[Call], Iterator[Remark]]] = {
    **{name: _one_check(name) for name in CHECKS},
    "pre-commit": _before_commit,
    "pre-merge-commit": _before_commit,
    "artifacts-pushed": _artifacts_pushed,
    "pre-push": _before_push,
    "post-checkout": _after_checkout,
    "post-merge": _after_merge,
    "pre-receive": _received,
}
