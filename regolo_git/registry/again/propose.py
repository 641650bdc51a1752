"""`commit --propose --again`: a proposal that waits is moved to the tip of the registry branch.

    find its branch → the branch that it is for, and the tip of that → check its seal
    → (with `push`) send its bytes → prepare on the tip → the branch moves there, compared under its lock

The branch keeps its name, and so does its pull request.  Nothing is read or stored: the manifest is that of
the proposal, with another number, parent and seal.  The replaced commits stay in its reflog.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.errors import Conflict, IntegrityError, NotFound
from regolo_git.git.commit_again import author_of
from regolo_git.git.history import is_in_history, own_commits
from regolo_git.git.refs_state import line_tips
from regolo_git.hints import Hint
from regolo_git.records.paths import manifest_path
from regolo_git.registry.again.branch import ProposalBranch, find_proposal
from regolo_git.registry.again.draft import DraftAgain, changes_since, held_version
from regolo_git.registry.change import propose_records_again, recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.push_at_once import Destination, destination
from regolo_git.registry.revisions import revision_at, version_at
from regolo_git.registry.sync.content import Content, SentContent
from regolo_git.registry.versions.known_tags import require_history
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.seals import branch_seal_problem


@dataclass(frozen=True, slots=True)
class ProposedAgain:
    """A proposal that was made again: the version on `branch`, which begins at `start` of branch `target`.

    `before` is the reference that it had, and `replaced` the commit that the branch was at, which the remote
    `remote` still has if it is in `there`.  `kept` are the other records that came along.
    """

    version: ModelVersion
    branch: str
    target: str
    start: str
    before: str
    replaced: str
    remote: str | None
    there: str | None
    pushed_to: str | None
    sent: SentContent
    kept: tuple[str, ...]
    remarks: tuple[str, ...]


def propose_again(
    handle: Handle,
    model: str | None = None,
    origin: str | None = None,
    *,
    message: str | None = None,
    push: bool | None = None,
    on_progress: OnProgress = ignore_progress,
) -> ProposedAgain:
    """Makes a proposal again: the one that waits, or the one with the number or branch `origin`.

    With `push` (None: as git config `regolo.push` says) the remote takes it too, or nothing changes here; it
    refuses if somebody else moved the branch.  If the remote has it made again already, the branch here goes
    there.  Raises NotFound, also in a clone that lacks history or tags,
    InvalidInput if several wait, Conflict if it has other files, is checked out with changed files or was
    moved by somebody else, IntegrityError for a wrong seal, TransportError.
    """
    recover_first(handle)
    handle.registry_tip()
    require_history(handle)
    to = destination(handle, push, model)
    found, branch = find_proposal(handle, model, origin)
    target, start = _target(handle, branch.tip)
    draft = _draft(handle, branch, found, target, start, message)
    sent = _send(handle, to, draft, on_progress)
    authorship = handle.git.authorship()._replace(author=author_of(handle.git, draft.written))
    published = propose_records_again(
        handle,
        branch.name,
        draft.prepare,
        start=lambda: _target(handle, branch.tip)[1],
        expected=branch.here,
        replaced=branch.tip,
        authorship=authorship,
        unchanged=_unchanged(branch, draft, target),
        to=to,
    )
    before, replaced = draft.held.reference, branch.tip
    followed = published.commit == branch.tip
    if followed and branch.here is not None:
        handle.notice(f"'{branch.remote}' had it already: branch '{branch.name}' here follows")
        replaced = branch.here
        held = handle.records_at(replaced).manifest(found)
        before = held.reference if held is not None else before
    version = version_at(handle, revision_at(handle, published.commit), found)
    return ProposedAgain(
        version=version,
        branch=branch.name,
        target=target,
        start=handle.git.first_parent(published.commit) or start,
        before=before,
        replaced=replaced,
        remote=branch.remote,
        there=branch.there,
        pushed_to=branch.remote if to is not None or followed else None,
        sent=sent,
        kept=published.made.kept,
        remarks=published.made.remarks,
    )


def _target(handle: Handle, tip: str) -> tuple[str, str]:
    """The branch that a proposal is for, and its newest commit.

    It is the registry branch, or the line to which the proposal has the fewest own commits.  Of a branch here
    and at `origin`, the newer one counts.
    """
    registry, lines = handle.registry_branch(), handle.config().lines
    newest: dict[str, str] = {}
    for name, commit in line_tips(handle.paths, registry, lines).items():
        branch = _without_remote(name, registry, lines)
        held = newest.get(branch)
        if held is None or is_in_history(handle.git, held, commit):
            newest[branch] = commit
    names = sorted(newest, key=lambda name: (name != registry, name))
    if len(names) > 1:
        names.sort(key=lambda name: len(own_commits(handle.git, tip, newest[name])))
    if not names:
        raise NotFound(f"this clone lacks branch '{registry}'", f"git fetch origin {registry}")
    return names[0], newest[names[0]]


def _without_remote(name: str, registry: str, lines: tuple[str, ...]) -> str:
    local = name == registry or any(fnmatchcase(name, line) for line in lines)
    return name if local else name.removeprefix("origin/")


def _draft(
    handle: Handle, branch: ProposalBranch, model: str, target: str, start: str, message: str | None
) -> DraftAgain:
    """The draft of a proposal, after a look at its manifest.  Raises NotFound, IntegrityError, Conflict."""
    base, _ = changes_since(handle, branch.tip, start, target)
    held = held_version(handle, branch, model, base)
    oid = handle.git.blob_oid(branch.tip, manifest_path(model))
    assert oid is not None, "it has a manifest"
    problem = branch_seal_problem(handle, held, oid)
    if problem is not None:
        raise IntegrityError(
            f"'{held.reference}' on branch '{branch.name}' cannot be used: {problem}", Hint("seal", model)
        )
    draft = DraftAgain(handle, branch, target, held, _written(handle, branch.tip, model, oid), message)
    draft.prepare(handle.records_at(start))  # what is wrong is said before anything is sent
    return draft


def _unchanged(branch: ProposalBranch, draft: DraftAgain, target: str) -> Conflict:
    unsent = branch.remote is not None and branch.there != branch.tip
    return Conflict(
        f"'{draft.held.reference}' on branch '{branch.name}' is already proposed at the newest commit of"
        f" '{target}'",
        Hint("push") if unsent else "git fetch",
    )


def _written(handle: Handle, tip: str, model: str, oid: str) -> str:
    """The commit that brought a manifest to a branch."""
    path, commit = manifest_path(model), tip
    while (parent := _parent_with(handle, commit, path, oid)) is not None:
        commit = parent
    return commit


def _parent_with(handle: Handle, commit: str, path: str, oid: str) -> str | None:
    parents = handle.git.commit_info(commit).parents
    return next((each for each in parents if handle.git.blob_oid(each, path) == oid), None)


def _send(handle: Handle, to: Destination | None, draft: DraftAgain, on_progress: OnProgress) -> SentContent:
    """Sends the bytes before the remote names them, and tells the remote which commits it gives up."""
    if to is None:
        return SentContent()
    to.replace(draft.branch.name, draft.branch.there)
    content = Content(handle)
    sent = content.send((), [draft.held], (), on_progress)
    content.note(())
    return sent
