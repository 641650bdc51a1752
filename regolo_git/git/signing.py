"""Signs commits and tags where git would: `commit.gpgSign` and `tag.gpgSign`, with the settings of `gpg.*`.

Git itself signs, so every format and program of every release works as for the user's own commits, and a key
that cannot be used is reported in git's own words.  Nothing is ever created unsigned instead.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from regolo_git.errors import Conflict
from regolo_git.git.identity import Authorship, Identity
from regolo_git.git.program import Answer, try_git
from regolo_git.git.repository import GitRepository
from regolo_git.git.settings import SIGNS_COMMITS, SIGNS_TAGS, Settings
from regolo_git.git.translate import git_errors

# What git reads to sign; a scratch repository is given the values of this one.
SECTIONS = ("gpg", "user", "committer")


def signed_commit(
    git: GitRepository, tree: str, parents: Sequence[str], authorship: Authorship, message: str
) -> str:
    """Writes a signed commit and returns its id.  Raises Conflict if git cannot sign it."""
    above = [argument for parent in parents for argument in ("-p", parent)]
    arguments = (
        "-c", "i18n.commitEncoding=UTF-8", "commit-tree", f"-S{_key(git)}", *above, "-F", "-", tree,
    )  # fmt: skip
    answer = try_git(
        git.paths.git_dir,
        git.paths.work_tree,
        *arguments,
        given=message.encode(),
        also=authorship.author.variables("AUTHOR") | authorship.committer.variables("COMMITTER"),
    )
    return _signed(git, answer, "commit", answer.output, SIGNS_COMMITS)


def signed_tag(git: GitRepository, target: str, name: str, tagger: Identity, message: str) -> str:
    """Writes a signed tag object, without a ref, and returns its id.  Raises Conflict if git cannot sign it.

    `target` is a commit, or another tag object.

    `git tag -s` writes a ref too, so it runs in a scratch repository that has the objects of this one.
    """
    key = _key(git)
    sign = ("-u", key) if key else ("-s",)
    with tempfile.TemporaryDirectory(prefix="regolo-git-") as scratch_name:
        scratch = Path(scratch_name)
        (scratch / "refs").mkdir()
        (scratch / "HEAD").write_text("ref: refs/heads/scratch\n")
        also = {
            "GIT_DIR": scratch_name,
            "GIT_OBJECT_DIRECTORY": str(git.paths.common_dir / "objects"),
            **tagger.variables("COMMITTER"),
            **_numbered(git.settings()),
        }
        arguments = ("tag", *sign, "--cleanup=verbatim", "-F", "-", name, target)
        answer = try_git(
            git.paths.git_dir, git.paths.work_tree, *arguments, given=message.encode(), also=also
        )
        written = scratch / "refs" / "tags" / name
        return _signed(git, answer, "tag", written.read_bytes() if written.is_file() else b"", SIGNS_TAGS)


def _key(git: GitRepository) -> str:
    """The key to name: empty where the configuration names it, or else the person who signs.

    Git would look for a key of the committer, who may be another person here (`--author`, or a merge by the
    host).
    """
    settings = git.settings()
    if settings.get("user.signingKey") or (settings.get("gpg.format") or "").lower() == "ssh":
        return ""
    return git.authorship().committer.person


def _numbered(settings: Settings) -> dict[str, str]:
    """The variables that give a git process some settings, before all files."""
    values: Mapping[str, str | None] = {
        key: value for section in SECTIONS for key, value in settings.below(section).items()
    }
    named = [(key, value if value is not None else "true") for key, value in values.items()]
    # No hook of the user sees the ref of the scratch repository.
    named += [("i18n.commitEncoding", "UTF-8"), ("core.hooksPath", os.devnull)]
    variables = {"GIT_CONFIG_COUNT": str(len(named))}
    for number, (key, value) in enumerate(named):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _signed(git: GitRepository, answer: Answer, what: str, output: bytes, setting: str) -> str:
    """The id of the object that git wrote.  Raises Conflict unless it is signed.

    `git tag -s` of 2.39 succeeds with an unsigned tag if `ssh-keygen` fails, so the object is read again.
    """
    oid = output.decode().strip()
    if answer.status != 0 or not oid or not _has_signature(git, oid):
        raise Conflict(
            f"the {what} cannot be signed: {answer.words or 'git gives no reason'}",
            f"git config --show-origin --get-regexp '^(user.signingkey|gpg|{setting.lower()})'",
        )
    _make_durable(git, oid)
    return oid


def _has_signature(git: GitRepository, oid: str) -> bool:
    data = git.get(oid).read_raw()
    header = data.partition(b"\n\n")[0]
    return b"\ngpgsig" in header or git.tag_signature(oid) is not None


def _make_durable(git: GitRepository, oid: str) -> None:
    """Writes an object of git to the disk before a ref names it, as the library does with its own."""
    path = git.paths.common_dir / "objects" / oid[:2] / oid[2:]
    if not path.exists():
        return  # an equal one is packed
    with git_errors(f"object '{oid}'"):
        for place in (path, path.parent):
            handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
