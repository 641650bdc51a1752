"""What a push brings to a bare repository, judged before it is accepted.

Tags of versions never move or vanish, and a new one is of its commit and the only one of its version.
Manifests are readable, sealed and in their place on every branch.  Gates are asked for the branches of
released versions only, by the rules of the tip that the push replaces, or of the registry branch for a new
one; a proposal is judged by its review.  On those branches, versions below the tip are judged, too.
"""

from collections.abc import Iterator, Sequence

from regolo_git.errors import RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.history import common_commit
from regolo_git.git.links import is_link
from regolo_git.hints import Hint
from regolo_git.hooks.moved_refs import NOTHING, TAGS, MovedRef, moved_tags
from regolo_git.hooks.passed_versions import check_passed_versions
from regolo_git.hooks.policy import judged
from regolo_git.hooks.remark import Remark, about
from regolo_git.records.config import RegistryConfig
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import CONFIG_PATH, manifest_path
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.manifest_alone import removed_alone, way_back
from regolo_git.registry.versions.seals import branch_seal_problem
from regolo_git.reviews.change_range import ChangeRange
from regolo_git.reviews.numbers import propose_again
from regolo_git.reviews.review import review_change
from regolo_git.text.commits import short
from regolo_git.text.printable import one_line, printable


def check_received(paths: RepositoryPaths, refs: Sequence[MovedRef]) -> Iterator[Remark]:
    """What is wrong with the refs of a push."""
    yield from moved_tags(refs)
    handle = Handle(paths, lambda _: None)
    new: dict[tuple[str, str], str] = {}
    try:
        for each in refs:
            if each.after == each.before:
                continue
            try:
                if each.after == NOTHING:
                    yield from _gone(handle, each)
                elif each.version is not None and each.before == NOTHING:
                    yield from _new_tag(handle, each, each.version)
                    yield from _second_name(handle, each, each.version, new)
                elif each.branch is not None:
                    yield from _branch(handle, each, each.branch)
            except RegoloError as error:
                yield Remark(about(each.ref, f"cannot be judged: {one_line(error.message)}"), error.hint)
    finally:
        handle.close()


def _gone(handle: Handle, moved: MovedRef) -> Iterator[Remark]:
    """That a branch with the registry's records would vanish, and with it the rules for the next push."""
    config = handle.records_at(moved.before).config() if moved.branch is not None else None
    if config is not None and moved.branch in (config.branch, config.operations):
        yield Remark(about(moved.ref, "would vanish, and it has the records of the registry"))


def _second_name(
    handle: Handle, moved: MovedRef, named: tuple[str, str], new: dict[tuple[str, str], str]
) -> Iterator[Remark]:
    """That a version has a tag of another spelling, such as 1.0 for 1.0.0, here or in the same push."""
    key = named[0], Version.parse(named[1]).identity
    row = handle.index.find(*key)
    other = f"{TAGS}{row.tag}" if row is not None else new.setdefault(key, moved.ref)
    if other != moved.ref:
        taken = printable(other.removeprefix(TAGS))
        yield Remark(about(moved.ref, f"names a version that has a tag already, '{taken}'"))


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
    if tag.target_kind != "commit":
        yield Remark(about(moved.ref, f"is the tag of a {tag.target_kind}, and a version is a commit"))
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
    if base is None and (named := config or handle.records_at(moved.after).config()) is not None:
        base = handle.git.branch_tip(named.branch)
        config = handle.records_at(base).config() or named
    fork = common_commit(handle.git, base, moved.after) if base is not None else None
    wrong = list(_manifests(handle, handle.records_at(fork), moved.after))
    yield from wrong
    if config is None or base is None or not _is_judged(config, branch):
        return
    if branch == config.branch and handle.records_at(moved.after).config() is None:
        yield Remark(about(moved.ref, f"would lose '{CONFIG_PATH}', and with it the rules for the next push"))
        return
    yield from check_passed_versions(handle, base, moved.after)
    review = review_change(handle, ChangeRange(base, fork, moved.after, printable(branch), "the push"))
    told = {remark.what.partition(": ")[2] for remark in wrong} - {""}
    for remark in judged(review):
        if (remark.blocks or "gate" in remark.what) and remark.what.partition(": ")[2] not in told:
            yield remark


def _is_judged(config: RegistryConfig, branch: str) -> bool:
    return config.is_line(branch) or branch == config.operations


def _manifests(handle: Handle, before: RecordsAt, commit: str) -> Iterator[Remark]:
    """What is wrong with the manifests that a branch has new in a commit."""
    known, after = before.manifest_oids(), handle.records_at(commit)
    held = after.manifest_oids()
    for model in known.keys() - held.keys():
        what = removed_alone(after, model)
        if what is not None:
            yield Remark(what, way_back(short(before.registry or ""), model))
    for model, oid in held.items():
        if known.get(model) == oid:
            continue
        path = manifest_path(model)
        if is_link(handle.git, commit, path):
            yield Remark(about(path, "is a link, and a record is a file"))
            continue
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
            # What has a tag cannot be sealed with other content.
            tagged = handle.index.find(*manifest.key) is not None
            step = propose_again(manifest) if tagged else Hint("seal", model)
            yield Remark(about(path, f"cannot be accepted: {problem}"), step)
