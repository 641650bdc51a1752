"""Whether the shared store has the bytes of the versions that a push sends.

Only what the push sends is looked at, and only in a store that this clone has confirmed.  A recipe in the
store vouches for its chunks, because it is written last.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from regolo_git.errors import RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.hook_scripts import STRICT_PUSH
from regolo_git.git.staged import read_settings
from regolo_git.hints import Hint
from regolo_git.hooks.moved_refs import NOTHING, TAGS, MovedRef
from regolo_git.hooks.remark import Remark
from regolo_git.hooks.time_limit import within
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import MODELS, model_of_manifest
from regolo_git.records.trailers import TagMessage
from regolo_git.registry.handle import Handle
from regolo_git.text.printable import one_line

SECONDS = 10.0
STRICT = "strict"
NOTES = "refs/notes/"


def check_sent_bytes(paths: RepositoryPaths, remote: str, refs: Sequence[MovedRef]) -> list[Remark]:
    """What the shared store lacks, or why it was not asked; after SECONDS nobody waits any longer.

    With `regolo.prePush = strict`, what was not checked stops the push, too.
    """
    sent = [each for each in refs if each.after != NOTHING]
    if not sent:
        return []
    said = within(SECONDS, lambda: _as_json(_look(paths, remote, sent)))
    if said is None:
        what = f"not checked: the store could not be asked within {SECONDS:.0f} s"
        found = [Remark(what, Hint("doctor"), blocks=False)]
    else:
        found = [Remark(what, hint or None, blocks) for what, hint, blocks in json.loads(said)]
    strict = read_settings(paths, "regolo").get(STRICT_PUSH.lower()) == STRICT
    return [Remark(each.what, each.hint) for each in found] if strict else found


def _as_json(remarks: Iterable[Remark]) -> bytes:
    return json.dumps([[each.what, str(each.hint or ""), each.blocks] for each in remarks]).encode()


def _look(paths: RepositoryPaths, remote: str, refs: Sequence[MovedRef]) -> Iterator[Remark]:
    handle = Handle(paths, lambda _: None)
    try:
        if handle.config_at_head() is None:
            return
        yield from _absent(handle, remote, refs)
    except RegoloError as error:
        yield Remark.not_checked("the bytes of what is pushed", error)


def _absent(handle: Handle, remote: str, refs: Sequence[MovedRef]) -> Iterator[Remark]:
    from regolo_git.registry.shared_store import unconfirmed  # noqa: PLC0415 - imports the Git library

    address = handle.shared_stores.address()
    if address is None:
        return  # bytes stay in the store of the clone
    wanted = _named_recipes(handle, remote, refs)
    if not wanted:
        return
    if handle.clone_store.is_at(address):
        store = handle.store
    elif handle.shared_stores.is_confirmed(address):
        store = handle.shared_stores.opened(address)
    else:
        raise unconfirmed(address)
    for recipe in store.absent_recipes(list(wanted)):
        what = f"the bytes of '{one_line(wanted[recipe])}' are not in the shared store '{address.url}'"
        yield Remark(what, Hint("push"))


def _named_recipes(handle: Handle, remote: str, refs: Sequence[MovedRef]) -> dict[Digest, str]:
    """The recipes of the versions that the push sends, with their names; retired ones need no bytes."""
    from regolo_git.registry.reachable import retired_identities  # noqa: PLC0415 - imports the Git library

    retired = retired_identities(handle.records())
    manifests = [*_tagged(handle, refs), *_in_commits(handle, remote, refs)]
    return {each.artifact.recipe: each.reference for each in manifests if each.key not in retired}


def _tagged(handle: Handle, refs: Iterable[MovedRef]) -> Iterator[Manifest]:
    """The versions of the tags that the remote gets, whatever they are called here."""
    for each in refs:
        if each.version is not None and each.before == NOTHING:
            tag = handle.git.read_tag_object(each.after)
            message = TagMessage.parse(tag.message) if tag is not None else None
            if message is not None:
                yield Manifest.parse(handle.git.read_blob(message.manifest_oid))


def _in_commits(handle: Handle, remote: str, refs: Iterable[MovedRef]) -> Iterator[Manifest]:
    """The manifests in commits that the remote is not known to have."""
    from regolo_git.git.new_files import new_files  # noqa: PLC0415 - imports the Git library

    # A server for reviews, such as Gerrit, takes commits by other refs than branches.
    sent = [each for each in refs if not each.ref.startswith((TAGS, NOTES))]
    known = [each.before for each in sent if each.before != NOTHING and handle.git.has(each.before)]
    for path, oid in new_files(handle.git, [each.after for each in sent], known, remote, MODELS):
        if model_of_manifest(path) is not None:
            with suppress(RegoloError):  # what is wrong with a record is not a matter of its bytes
                yield Manifest.parse(handle.git.read_blob(oid))
