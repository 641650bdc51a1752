"""What came from a remote, for the terminal and as JSON."""

from regolo_git.cli.streams import talk
from regolo_git.errors import Conflict
from regolo_git.registry.sync.fetch import Fetched
from regolo_git.text.numbers import counted


def talk_of_fetched(done: Fetched) -> None:
    """Says what came."""
    if done.versions:
        talk(f"fetched {counted(len(done.versions), 'version')} from {done.remote}")
    else:
        talk(f"no new versions at {done.remote}")
    for tag in done.differing[1:]:
        talk(f"{tag.text}: {tag.hint}")


def refuse_differing(done: Fetched) -> None:
    """Raises Conflict for tags that are others here, with the command for the first."""
    for tag in done.differing[:1]:
        raise Conflict(tag.text, tag.hint)
