"""What is wrong with tags that are named like versions; `TagIndex` leaves such tags out of its answers."""

from dataclasses import dataclass

from regolo_git.git.tag_columns import FOREIGN
from regolo_git.git.tag_index import TagIndex
from regolo_git.records.references import version_reference
from regolo_git.records.versions import parse_tag_name


@dataclass(frozen=True, slots=True)
class BadTag:
    """A tag that is named like a version and is not one; `foreign` if nothing says that it is one of ours."""

    tag: str
    what: str
    foreign: bool


def bad_tags(index: TagIndex) -> list[BadTag]:
    """Every such tag."""
    query = "select tag, problem from refs join objects using (oid) where problem is not null order by tag"
    found = [BadTag(tag, problem, problem in FOREIGN) for tag, problem in index.query(query)]
    # A tag object under two ref names is valid under one of them at most.
    query = "select tag, model, version from refs join objects using (oid) where model is not null"
    return found + [
        BadTag(tag, f"its tag object is for '{version_reference(model, version)}'", foreign=False)
        for tag, model, version in index.query(f"{query} order by tag")
        if parse_tag_name(tag) != (model, version)
    ]


def doubled_tags(index: TagIndex) -> list[tuple[str, str]]:
    """(kept, other) for every two tags that are one version; `TagIndex` knows the one created first."""
    tags = """select model, identity, tag, created_at, version from refs join objects using (oid)
        where model is not null and (model, identity) in (
            select model, identity from refs join objects using (oid) where model is not null
            group by model, identity having count(*) > 1
        ) order by model, identity, created_at, tag"""
    kept: dict[tuple[str, str], str] = {}
    found = []
    for model, identity, tag, _, version in index.query(tags):
        if parse_tag_name(tag) == (model, version) and kept.setdefault((model, identity), tag) != tag:
            found.append((kept[model, identity], tag))
    return found
