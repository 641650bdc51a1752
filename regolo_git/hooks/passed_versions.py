"""The versions that a push has below its tip: each of them gets a tag, as that at the tip does.

They are those that `tag --merged` would find in the new commits of the branch, in first-parent order.  A
manifest that cannot be read is not a version, and one that was sealed again later in the push counts as it is
then.
"""

from collections.abc import Iterator
from contextlib import closing

from regolo_git.git.history import commits_not_in, first_parents
from regolo_git.hints import Hint
from regolo_git.hooks.policy import gate_remark
from regolo_git.hooks.remark import Remark, about
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.registry.gates import rules_at
from regolo_git.registry.handle import Handle
from regolo_git.registry.reachable import retired_identities
from regolo_git.registry.versions.merged_gates import manifest_facts
from regolo_git.registry.versions.seals import branch_seal_problem
from regolo_git.registry.versions.untagged import changed_manifests
from regolo_git.verdict.gates import judge

Passed = tuple[Manifest, str]


def check_passed_versions(handle: Handle, base: str, tip: str) -> Iterator[Remark]:
    """What is wrong with the seals and gates of versions between two commits, by the rules of `base`."""
    retired = retired_identities(handle.records_at(tip))
    for manifest, oid in _passed(handle, base, tip):
        if manifest.key in retired or handle.index.find(*manifest.key) is not None:
            continue  # the tag that is there decides what a number means
        problem = branch_seal_problem(handle, manifest, oid)
        if problem is not None:
            what = f"of '{manifest.reference}', below the tip, cannot be accepted: {problem}"
            yield Remark(about(manifest_path(manifest.model), what), Hint("seal", manifest.model))
            continue
        yield from _gates(handle, base, tip, manifest)


def _gates(handle: Handle, base: str, tip: str, manifest: Manifest) -> Iterator[Remark]:
    before, after = handle.records_at(base), handle.records_at(tip)
    held = before.manifest(manifest.model)
    known = manifest_facts(before, held) if held is not None else None
    for result in judge(rules_at(before, manifest.model), known, manifest_facts(after, manifest)):
        if result.state == "fail":
            yield gate_remark(manifest.reference, result)


def _passed(handle: Handle, base: str, tip: str) -> list[Passed]:
    """The versions below the tip, oldest first, without those that a later commit has sealed again."""
    new, found = commits_not_in(handle.git, tip, base), dict[tuple[str, str], Passed]()
    done = {m.key for m in handle.records_at(tip).manifests().records}
    with closing(first_parents(handle.git, tip)) as commits:
        for commit in commits:
            if commit not in new:
                break
            for manifest, oid in changed_manifests(handle, commit):
                if manifest.key not in done:
                    found.setdefault(manifest.key, (manifest, oid))
    return list(found.values())[::-1]
