"""The transport by the `git` program: with the user's credential helpers, proxies, ssh and hooks."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from regolo_git.errors import Conflict
from regolo_git.git.hooks import PRE_PUSH, has_hook
from regolo_git.git.ref_locks import remove_left_locks
from regolo_git.git.remote.failures import remote_failure
from regolo_git.git.remote.listing import list_some
from regolo_git.git.remote.patterns import matching
from regolo_git.git.remote.porcelain import not_sent, read_report
from regolo_git.git.remote.process import Finished, ask_remote, run_with_remote
from regolo_git.git.remote.rules import hopeless
from regolo_git.git.remote.transport import (
    ABSENT,
    TAGS,
    OnGitProgress,
    Pushed,
    RefUpdate,
    ignore_git_progress,
)
from regolo_git.git.repository import GitRepository

# Only the given refspecs count, not those of the configuration, which may clobber tags.
FETCH = (
    "fetch", "--no-tags", "--refmap=", "--no-write-fetch-head", "--recurse-submodules=no",
    "--no-show-forced-updates", "--progress", "--stdin", "--",
)  # fmt: skip
PUSH = ("push", "--porcelain", "--progress", "--no-follow-tags", "--recurse-submodules=no")
AT_ONCE = 8_000  # refs of one push: they are arguments, of which the system allows about 2 MB
BROAD = ("refs/", "refs/tags/")  # nothing worth mentioning is left out of these
REJECTED = "failed to push some refs"


class GitTransport:
    """See `Transport`."""

    def __init__(self, git: GitRepository) -> None:
        self._git = git

    def refs(self, remote: str, patterns: Iterable[str]) -> dict[str, str]:
        """See `Transport.refs`."""
        wanted = tuple(patterns)
        if wanted and not any(pattern.removesuffix("*") in BROAD for pattern in wanted):
            found = list_some(self._git, remote, wanted)
            if found is not None:
                return found
        output = ask_remote(self._git.paths, remote, "ls-remote", "--refs", "--", remote, *wanted)
        lines = output.decode("utf-8", "surrogateescape").split("\n")
        return matching({line[41:]: line[:40] for line in lines if line}, wanted)

    def fetch(
        self, remote: str, refspecs: Sequence[str], on_progress: OnGitProgress = ignore_git_progress
    ) -> None:
        """See `Transport.fetch`."""
        if refspecs:
            given = "".join(f"{refspec}\n" for refspec in refspecs).encode()
            remove_left_locks(self._git.paths.common_dir)
            done = self._run((*FETCH, remote), on_progress, given)
            if done.status != 0:
                raise remote_failure(remote, done.lines.own, done.lines.said)

    def push(
        self, remote: str, updates: Sequence[RefUpdate], on_progress: OnGitProgress = ignore_git_progress
    ) -> Pushed:
        """See `Transport.push`.  More than 8,000 refs go in several pushes, in their order."""
        causes = hopeless(self._git, updates)
        if causes:
            return not_sent(updates, causes)
        pushed = Pushed({})
        for start in range(0, len(updates), AT_ONCE):
            part = self._push(remote, updates[start : start + AT_ONCE], on_progress)
            pushed = Pushed({**pushed.outcomes, **part.outcomes}, pushed.said + part.said)
            if part.refused:
                rest = not_sent(updates[start + AT_ONCE :], {})
                return Pushed({**pushed.outcomes, **rest.outcomes}, pushed.said)
        return pushed

    def _push(self, remote: str, updates: Sequence[RefUpdate], on_progress: OnGitProgress) -> Pushed:
        atomic = ("--atomic",) if len(updates) > 1 else ()
        leases = [
            f"--force-with-lease={update.ref}:{'' if update.expected == ABSENT else update.expected}"
            for update in updates
            if update.expected is not None and not update.ref.startswith(TAGS)
        ]
        specs = [f"{update.new}:{update.ref}" for update in updates]
        patient = has_hook(self._git, PRE_PUSH)
        done = self._run((*PUSH, *atomic, *leases, "--", remote, *specs), on_progress, patient=patient)
        report = read_report(done.output.decode("utf-8", "surrogateescape"), updates, done.lines.said)
        if report is None and patient and any(REJECTED in line for line in done.lines.own):
            told = "; ".join(line for line in done.lines.own if REJECTED not in line)
            raise Conflict(f"hook '{PRE_PUSH}' refused the push: {told or 'it gave no reason'}")
        if report is None or (done.status != 0 and not report.refused):
            raise remote_failure(remote, done.lines.own, done.lines.said)
        return report

    def _run(
        self,
        arguments: tuple[str, ...],
        on_progress: OnGitProgress,
        given: bytes = b"",
        *,
        patient: bool = False,
    ) -> Finished:
        paths = self._git.paths
        return run_with_remote(
            paths.git_dir, paths.work_tree, arguments, given=given, patient=patient, on_progress=on_progress
        )


def clone_with_git(url: str, directory: Path, *, checkout: bool, on_progress: OnGitProgress) -> None:
    """Clones into a directory that is empty or not there."""
    options = () if checkout else ("--no-checkout",)
    done = run_with_remote(
        None, None, ("clone", "--progress", *options, "--", url, str(directory)), on_progress=on_progress
    )
    if done.status != 0:
        raise remote_failure(url, done.lines.own, done.lines.said)
