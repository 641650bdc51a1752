"""What is wrong with tags that are named like versions; `TagIndex` leaves such tags out of its answers."""

from dataclasses import dataclass

from regolo_git.git.tag_columns import FOREIGN
from regolo_git.git.tag_index import NAMED, VERSIONS, TagIndex
from regolo_git.records.references import version_reference


@dataclass(frozen=True, slots=True)
class BadTag:
    """A tag that is named like a version and is not one; `foreign` if nothing marks it as ours."""

    tag: str
    what: str
    foreign: bool


def bad_tags(index: TagIndex) -> list[BadTag]:
    """Every such tag."""
    query = "select tag, problem from refs join objects using (oid) where problem is not null order by tag"
    found = [BadTag(tag, problem, problem in FOREIGN) for tag, problem in index.query(query)]
    # A tag object under two ref names is valid under one of them at most.
    query = f"select tag, model, version {VERSIONS} and not ({NAMED}) order by tag"
    return found + [
        BadTag(tag, f"its tag object is for '{version_reference(model, version)}'", foreign=False)
        for tag, model, version in index.query(query)
    ]


def doubled_tags(index: TagIndex) -> list[tuple[str, str]]:
    """(kept, other) for every two tags that are one version; `TagIndex` knows the one created first."""
    found: list[tuple[str, str]] = []
    for model, identity in index.query(
        f"select model, identity {VERSIONS} and {NAMED} group by model, identity having count(*) > 1"
    ):
        query = f"select tag {VERSIONS} and {NAMED} and model = ? and identity = ? order by created_at, tag"
        (kept,), *others = index.query(query, (model, identity))
        found += [(kept, other) for (other,) in others]
    return found
