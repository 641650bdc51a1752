"""Commits as raw objects, byte for byte as git writes them."""

from collections.abc import Sequence

from regolo_git.git.identity import Authorship


def commit_object_bytes(tree: str, parents: Sequence[str], authorship: Authorship, message: str) -> bytes:
    """The bytes of a commit object; equal arguments give equal bytes, and so the same id."""
    lines = [
        f"tree {tree}",
        *(f"parent {parent}" for parent in parents),
        f"author {authorship.author.line}",
        f"committer {authorship.committer.line}",
        "",
        message,
    ]
    # A `commit-msg` hook may leave bytes that are not text.
    return "\n".join(lines).encode("utf-8", "surrogateescape")
