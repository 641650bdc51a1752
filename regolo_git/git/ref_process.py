"""Moves refs by `git update-ref`, with a step between its locks and its move."""

import subprocess
from collections.abc import Callable, Sequence

from regolo_git.errors import Conflict
from regolo_git.git.environment import environment_of_git, git_program
from regolo_git.git.hooks import REFERENCE_TRANSACTION
from regolo_git.git.lock import held_lock
from regolo_git.git.ref_files import RefChange
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import lock_held

NO_OBJECT = "0" * 40
LOCKED = ("File exists", "cannot lock ref", "Unable to create")
ABORTED = "by hook", "by the reference-transaction hook"


class RefTransaction:
    """One `git update-ref --stdin`; if this process is killed, git reads the end of its input and aborts."""

    def __init__(self, git: GitRepository, changes: Sequence[RefChange], check: Callable[[], None]) -> None:
        self._changes = changes
        self._check = check
        self._process = subprocess.Popen(
            [git_program(), "update-ref", "-m", changes[-1].message, "--stdin"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment_of_git(git.paths.git_dir, git.paths.work_tree, None),
            cwd=git.paths.work_tree or git.paths.git_dir,
            pass_fds=held_lock(),
        )

    def run(self, under_locks: Callable[[], None]) -> None:
        with self._process:
            updates = (f"update {c.ref} {c.new} {c.old or NO_OBJECT}\n" for c in self._changes)
            self._step("start", f"start\n{''.join(updates)}")
            self._step("prepare", "prepare\n")
            try:
                self._check()
                under_locks()
            except BaseException:
                self._step("abort", "abort\n")
                raise
            self._step("commit", "commit\n")

    def _step(self, name: str, given: str) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            process.stdin.write(given.encode())
            process.stdin.flush()
        except BrokenPipeError:
            pass  # git has said why on stderr
        if process.stdout.readline() == f"{name}: ok\n".encode():
            return
        words = process.stderr.read().decode(errors="replace").strip()
        self._check()
        told = "; ".join(line.strip() for line in words.splitlines() if line.strip())
        if any(aborted in words for aborted in ABORTED):
            raise Conflict(f"hook '{REFERENCE_TRANSACTION}' refused the update: {told}")
        if any(locked in words for locked in LOCKED):
            raise lock_held(f"'{self._changes[-1].ref}'")
        raise Conflict(f"git update-ref: {told}")
