"""Cloning a registry: git's clone with all version tags, then the files of the checked-out commit."""

import re
import shlex
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import urlsplit

from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.git.remote.failures import without_credentials
from regolo_git.git.remote.transport import OnGitProgress, ignore_git_progress
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.registry.drivers import set_up_drivers
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import warn
from regolo_git.registry.sync.clone_place import clone_to, is_begun, is_free
from regolo_git.registry.sync.files import CheckedOutFiles, of_models, placed_manifests
from regolo_git.registry.sync.recipes import fetch_recipes, fetched_tips, newest_versions
from regolo_git.registry.sync.remote_state import remote_name
from regolo_git.registry.sync.seen_tags import note_seen, tag_state

ORIGIN = "origin"
ASKED_FROM = 5_000_000_000  # bytes of files, from which on a question comes first
SCP_LIKE = re.compile(r"(?:[^/@:]+@)?[^/:]+:(?!//)(.+)")


def clone_registry(
    url: str,
    directory: Path | None = None,
    *,
    on_notice: Callable[[str], None] = warn,
    on_git_progress: OnGitProgress = ignore_git_progress,
) -> Handle:
    """Clones a registry, without the files of its versions, and opens it; `end_clone` comes after them.

    It goes on with one that was killed.  Raises Conflict if the directory is there and not empty,
    TransportError, and NotFound if the repository is not a registry, which is left there all the same.
    """
    place = directory if directory is not None else Path(directory_of(url))
    if not is_begun(place, url):
        if not is_free(place):
            another = Hint("clone", without_credentials(url), "DIR")
            raise Conflict(f"'{place}' is there already, and not empty", another)
        clone_to(url, place, on_git_progress)
    handle = Handle.open(place, {}, on_notice)
    if handle.config_at_head() is None:
        handle.close()
        raise NotFound(f"'{place}' was cloned, and is not a model registry yet", Hint("init"))
    set_up_drivers(handle)
    note_seen(handle, tag_state(handle, ORIGIN), ())
    return handle


def directory_of(url: str) -> str:
    """The directory that git gives a clone of a URL.  Raises InvalidInput for a URL without a name."""
    scp_like = SCP_LIKE.fullmatch(url)
    path = scp_like[1] if scp_like is not None else urlsplit(url).path if "://" in url else url
    name = path.rstrip("/").removesuffix("/.git").rstrip("/").rpartition("/")[2]
    name = name.removesuffix(".bundle").removesuffix(".git")
    if not name or name in (".", ".."):
        shown = without_credentials(url)
        raise InvalidInput(f"'{shown}' does not end in a name for the clone", Hint("clone", "URL", "DIR"))
    return name


def files_to_check_out(handle: Handle, models: Collection[str] = ()) -> list[Manifest]:
    """The manifests whose files belong in the work tree, or those of some models.

    Raises NotFound for a model that has no files at the checked-out commit.
    """
    manifests = placed_manifests(handle)
    for model in models:
        if model not in manifests:
            text = f"model '{model}' has no files at the checked-out commit"
            raise NotFound(text, f"git -C {shlex.quote(str(handle.paths.top))} regolo list")
    return of_models(manifests, models)


def fetch_first_recipes(handle: Handle, files: CheckedOutFiles) -> None:
    """Fetches the recipes of a new clone after its files, unless these found the store unreachable."""
    if not files.lack_a_store:
        fetch_recipes(handle, fetched_tips(handle, remote_name(handle)), newest_versions(handle))
