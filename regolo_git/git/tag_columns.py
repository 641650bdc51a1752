"""The columns of one tag object in the tag index: a version, or the problem with the tag."""

from functools import lru_cache

from regolo_git.errors import InvalidInput
from regolo_git.git.tag_objects import TagObject
from regolo_git.records.names import check_model_name
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, tag_name

LIGHTWEIGHT = "it is a lightweight tag without a version record"
NO_RECORD = "its message has no version record"
FOREIGN = (LIGHTWEIGHT, NO_RECORD)  # as other tools and people create them


def columns_of(tag: TagObject | None) -> tuple[str | int | None, ...]:
    """All columns except the object's id; only the last one, the problem, if the tag is not a version."""
    if tag is None:
        return _problem(LIGHTWEIGHT)
    message = TagMessage.parse(tag.message)
    if message is None:
        return _problem(NO_RECORD)
    try:
        _check_model_name(message.model)
        identity, key, release = _version_columns(message.version)
    except InvalidInput as error:
        return _problem(error.message)
    if tag.name != tag_name(message.model, message.version) or tag.target_kind != "commit":
        return _problem(f"its tag object is named '{tag.name}'")
    return (
        message.model,
        message.version,
        identity,
        key,
        release,
        tag.target,
        message.manifest_oid,
        str(message.digest),
        message.size,
        tag.tagged_seconds,
        tag.tagger,
        message.subject,
        None,
    )


# A model has many versions, and many models have the same version numbers, so most checks repeat.
_check_model_name = lru_cache(maxsize=4096)(check_model_name)


@lru_cache(maxsize=8192)
def _version_columns(text: str) -> tuple[str, str, int]:
    version = Version.parse(text)
    return version.identity, sort_key(version), int(version.is_release)


def _problem(text: str) -> tuple[str | int | None, ...]:
    return (*(None,) * 12, text)


def sort_key(version: Version) -> str:
    """A text whose byte order is the order of versions."""
    core = ".".join(f"{number:018d}" for number in (version.major, version.minor, version.patch))
    identifiers = "\x01".join(
        f"0{len(part):03d}{part}" if part.isdigit() else f"1{part}" for part in version.prerelease
    )
    return f"{core}{'-' + identifiers if identifiers else '~'}\x00{version.environment or ''}"
