"""The checks of a commit by their names; each is imported when it runs: hooks run at every commit."""

from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.hook_scripts import BYTES_LIMIT
from regolo_git.git.staged import StagedFiles, read_settings
from regolo_git.hooks.remark import Remark
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.registry.records_at import is_record
from regolo_git.text.sizes import parse_size

CHECKS = {
    "manifest": ("records", "check_records"),
    "no-model-bytes": ("model_bytes", "check_model_bytes"),
    "pickle-names": ("pickles", "check_pickles"),
    "policy": ("policy", "check_policy"),
}


def check_commit(
    paths: RepositoryPaths, names: Sequence[str], files: Sequence[str] = (), limit: int | None = None
) -> Iterator[Remark]:
    """What some checks say of the staged files, or of those that are named.

    `limit` is for `no-model-bytes`; without it, that of git's configuration counts.  Raises Conflict with
    git's message if the index cannot be read, MissingDependency without git.
    """
    if paths.work_tree is None:
        return  # nothing is staged in a bare repository
    staged = StagedFiles(paths, files)
    changed = [*(file.path for file in staged.files), *staged.removed]
    wrong = False
    for name in names:
        if name == "policy" and wrong:
            return  # gates judge what records say, and these say nothing yet
        if not (any(map(_has_rules, changed)) if name == "policy" else staged.files):
            continue  # the policy imports all that a review needs
        module, function = CHECKS[name]
        check = getattr(import_module(f"regolo_git.hooks.{module}"), function)
        if name == "no-model-bytes":
            check = partial(check, **_limit(paths, limit))
        for remark in check(staged):
            wrong = wrong or (name == "manifest" and remark.blocks)
            yield remark


def _has_rules(path: str) -> bool:
    """Whether a file is a record, or says who may sign."""
    return path == SIGNERS_PATH or is_record(path)


def _limit(paths: RepositoryPaths, limit: int | None) -> dict[str, int]:
    text = read_settings(paths, "regolo").get(BYTES_LIMIT.lower())
    configured = parse_size(text) if text is not None else None
    found = limit if limit is not None else configured
    return {"limit": found} if found is not None else {}
