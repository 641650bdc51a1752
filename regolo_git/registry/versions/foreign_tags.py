"""Tags that are named like versions but are not ours: created by GTO or by hand."""

from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.handle import Handle

OF_OTHERS = "it is of another tool, or was created by hand"


def foreign_tag(handle: Handle, model: str, version: Version) -> str | None:
    """A tag with the name of a version that is not one of ours, such as GTO's; None if the name is free."""
    names = (tag_name(model, version.text(zero_patch=written)) for written in (False, True))
    name = next((name for name in names if handle.git.tag_target(name) is not None), None)
    if name is None:
        return None
    handle.index.look_again()  # another process may have created it a moment ago
    return name if handle.index.find(model, version.identity) is None else None
