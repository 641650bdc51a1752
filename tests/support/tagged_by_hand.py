"""A version whose manifest no writer of ours wrote: edited, committed and tagged with git alone."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from regolo_git.errors import RegoloError
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.records.seal import seal_of
from regolo_git.records.trailers import TagMessage
from support.git_program import git


def tag_by_hand(top: Path, model: str, version: str, edit: Callable[[str], str]) -> None:
    """Commits an edited manifest of a model as `version`, sealed, and tags it as the program would."""
    path = manifest_path(model)
    text = edit(re.sub(r'(?m)^version = ".*"', f'version = "{version}"', (top / path).read_text(), count=1))
    with suppress(RegoloError):
        text = re.sub(r'(?m)^seal = ".*"', f'seal = "{seal_of(Manifest.parse(text))}"', text, count=1)
    (top / path).write_text(text)
    git(top, "commit", "-qm", f"{model}@{version}", "--", path)
    oid = git(top, "rev-parse", f"HEAD:{path}").strip()
    digest, size = (re.search(rf"(?m)^{key} = \"?([^\"\n]+)", text) for key in ("digest", "size"))
    assert digest
    assert size
    message = TagMessage(f"{model}@{version}", model, version, oid, Digest.parse(digest[1]), int(size[1]))
    git(top, "tag", "-a", f"{model}@v{version}", "-F", "-", given=message.to_text())
