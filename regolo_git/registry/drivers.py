"""The merge driver and the diff driver of this clone, which `.gitattributes` names for the records.

They are in the clone's own git configuration.  Without it, git merges and compares the records as text; the
same happens where the configuration is there and the program is not.
"""

from typing import Literal

from regolo_git.registry.handle import Handle

MERGE, TEXTCONV = "merge.regolo.driver", "diff.regolo.textconv"
PROGRAM = "git-regolo"
COMMANDS = {
    MERGE: (
        f"command -v {PROGRAM} >/dev/null 2>&1 || exec git merge-file --marker-size=%L %A %O %B; "
        f"exec {PROGRAM} merge-driver %O %A %B %L %P"
    ),
    # Git gives up a whole diff if this fails.
    TEXTCONV: f'f() {{ {PROGRAM} textconv "$1" 2>/dev/null || cat "$1"; }}; f',
}
OURS = ("regolo merge-driver", "regolo textconv")  # what every such command of ours has had in it

State = Literal["set", "missing", "stale", "foreign"]


def set_up_drivers(handle: Handle, *, textconv: bool = False) -> None:
    """Configures the merge driver in this clone, and with `textconv` the diff driver; others' stay."""
    for key in (MERGE, TEXTCONV) if textconv else (MERGE,):
        if driver_state(handle, key) in ("missing", "stale"):
            handle.git.config_set(key, COMMANDS[key])


def driver_state(handle: Handle, key: str) -> State:
    """Whether a driver is configured as this release does it, as another did, or by somebody else."""
    value = handle.git.settings().get(key)
    if value is None:
        return "missing"
    if value == COMMANDS[key]:
        return "set"
    return "stale" if any(word in value.replace("git-", "git ") for word in OURS) else "foreign"
