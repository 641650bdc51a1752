"""What came from a remote, for the terminal and as JSON."""

from regolo_git.cli.forms import Json
from regolo_git.cli.streams import talk
from regolo_git.errors import Conflict
from regolo_git.registry.sync.fetch import Fetched
from regolo_git.text.numbers import counted


def fetched_document(done: Fetched) -> dict[str, Json]:
    """The versions that came, the notes that changed, and the tags that differ."""
    return {
        "remote": done.remote,
        "versions": list(done.versions),
        "notes": list(done.notes),
        "differing": [tag.name for tag in done.differing],
    }


def talk_of_fetched(done: Fetched) -> None:
    """Says what came."""
    talk(f"fetched {counted(len(done.versions), 'version')} from {done.remote}")
    for tag in done.differing[1:]:
        talk(f"{tag.text}: {tag.hint}")


def refuse_differing(done: Fetched) -> None:
    """Raises Conflict for tags that are others here, with the command for the first."""
    for tag in done.differing[:1]:
        raise Conflict(tag.text, tag.hint)
