"""A repository opened as regolo_git.git reads it, and versions published to it."""

from pathlib import Path

from regolo_git.git.discover import find_repository
from regolo_git.git.new_commit import NewCommit, NewTag
from regolo_git.git.publish import Published, publish
from regolo_git.git.repository import GitRepository
from regolo_git.records.digests import Digest
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import tag_name

DIGEST = Digest("sha256", "a" * 64)


def opened(top: Path) -> GitRepository:
    return GitRepository.open(find_repository(top, {}))


def version_commit(model: str, version: str, text: str = "") -> NewCommit[None]:
    path = f"models/{model}/manifest.toml"

    def message(blobs: object) -> str:
        return TagMessage(f"{model} {version}", model, version, blobs[path], DIGEST, 3).to_text()  # type: ignore[index]

    content = f"{model} {version} {text}\n".encode()
    return NewCommit({path: content}, f"{model} {version}\n", None, NewTag(tag_name(model, version), message))


def publish_version(top: Path, model: str, version: str, branch: str = "main") -> Published:
    return publish(opened(top), branch, lambda _: version_commit(model, version))
