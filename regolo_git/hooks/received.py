"""What a push brings to a bare repository, judged before it is accepted.

Tags of versions never move or vanish, and a new one is of its commit.  Manifests are readable, sealed and in
their place on every branch.  Gates are asked for the branches of released versions only, by the rules of the
tip that the push replaces; a proposal is judged by its review.
"""

from collections.abc import Iterator, Sequence

from regolo_git.errors import RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.history import common_commit
from regolo_git.hints import Hint
from regolo_git.hooks.moved_refs import NOTHING, TAGS, MovedRef, moved_tags
from regolo_git.hooks.policy import judged
from regolo_git.hooks.remark import Remark, about
from regolo_git.records.config import RegistryConfig
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.seals import branch_seal_problem
from regolo_git.reviews.change_range import ChangeRange
from regolo_git.reviews.review import review_change
from regolo_git.text.printable import one_line, printable


def check_received(paths: RepositoryPaths, refs: Sequence[MovedRef]) -> Iterator[Remark]:
    """What is wrong with the refs of a push."""
    yield from moved_tags(refs)
    handle = Handle(paths, lambda _: None)
    try:
        for each in refs:
            if each.after in (NOTHING, each.before):
                continue
            try:
                if each.version is not None and each.before == NOTHING:
                    yield from _new_tag(handle, each, each.version)
                elif each.branch is not None:
                    yield from _branch(handle, each, each.branch)
            except RegoloError as error:
                yield Remark(about(each.ref, f"cannot be judged: {one_line(error.message)}"), error.hint)
    finally:
        handle.close()


def _new_tag(handle: Handle, moved: MovedRef, named: tuple[str, str]) -> Iterator[Remark]:
    """What is wrong with a new tag that is named like a version's; one of another tool may be anything."""
    tag = handle.git.read_tag_object(moved.after)
    message = TagMessage.parse(tag.message) if tag is not None else None
    commit = tag.target if tag is not None else moved.after
    oid = handle.git.blob_oid(commit, manifest_path(named[0]))
    if tag is None or message is None:
        if oid is not None:
            yield Remark(about(moved.ref, "is not the tag of a version: nobody could find it by its tag"))
        return
    if oid is None or oid != message.manifest_oid:
        yield Remark(about(moved.ref, "names another manifest than its commit has"))
        return
    manifest = Manifest.parse(handle.git.read_blob(oid))
    number = Version.parse(named[1]).identity
    held = (message.model, Version.parse(message.version).identity)
    if manifest.key != (named[0], number) or held != manifest.key or f"{TAGS}{tag.name}" != moved.ref:
        yield Remark(about(moved.ref, f"is the tag of '{printable(manifest.reference)}', under another name"))
    elif (message.digest, message.size) != (manifest.artifact.digest, manifest.artifact.size):
        yield Remark(about(moved.ref, "names other bytes than its manifest"))
    problem = branch_seal_problem(handle, manifest, oid)
    if problem is not None:
        yield Remark(about(moved.ref, f"cannot be accepted: {problem}"))


def _branch(handle: Handle, moved: MovedRef, branch: str) -> Iterator[Remark]:
    base = moved.before if moved.before != NOTHING else None
    config = handle.records_at(base).config() or handle.config_at_head()
    if config is not None and base is None:
        base = handle.git.branch_tip(config.branch)
    fork = common_commit(handle.git, base, moved.after) if base is not None else None
    yield from _manifests(handle, handle.records_at(fork), handle.records_at(moved.after))
    if config is None or moved.before == NOTHING or not _is_judged(config, branch):
        return
    review = review_change(handle, ChangeRange(base, fork, moved.after, printable(branch), "the push"))
    for remark in judged(review):
        if remark.blocks or "gate" in remark.what:
            yield remark


def _is_judged(config: RegistryConfig, branch: str) -> bool:
    return config.is_line(branch) or branch == config.operations


def _manifests(handle: Handle, before: RecordsAt, after: RecordsAt) -> Iterator[Remark]:
    """What is wrong with the manifests that a branch has new."""
    known = before.manifest_oids()
    for model, oid in after.manifest_oids().items():
        if known.get(model) == oid:
            continue
        path = manifest_path(model)
        try:
            manifest = after.manifest(model)
        except RegoloError as error:
            yield Remark(one_line(error.message), error.hint)
            continue
        if manifest is None:
            continue
        if manifest.model != model:
            yield Remark(about(path, f"is the manifest of another model, '{printable(manifest.model)}'"))
            continue
        problem = branch_seal_problem(handle, manifest, oid)
        if problem is not None:
            yield Remark(about(path, f"cannot be accepted: {problem}"), Hint("seal", model))
