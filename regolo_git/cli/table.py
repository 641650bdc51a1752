"""The table of commands: where each lives and what one line says of it.

`git regolo -h` and completion read this table and import no command; a command's module is imported when it
runs.  To add a command, write its module in `cli/commands/` and add a line here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: the module, the name of the command object in it, and the line in the list of commands."""

    module: str
    attribute: str
    help: str


def _entry(verb: str, text: str, attribute: str | None = None) -> Entry:
    return Entry(f"regolo_git.cli.commands.{verb}", attribute or verb, text)


SECTIONS: dict[str, dict[str, Entry]] = {
    "Make": {
        "init": _entry("init", "Make a Git repository a model registry."),
        "register": _entry("register", "Make a model with its first version."),
        "commit": _entry("commit", "Make the next version of a model."),
    },
    "Look": {
        "list": _entry("list", "List models, or the versions of one.", "list_"),
        "log": _entry("log", "Show how a model's versions and metrics went."),
        "show": _entry("show", "Show everything about a version."),
        "status": _entry("status", "Compare the work tree with the commit's versions."),
        "describe": _entry("describe", "Say which versions a commit is."),
        "diff": _entry("diff", "Compare two versions."),
    },
    "Use": {
        "checkout": _entry("checkout", "Bring the bytes of a version back."),
        "revert": _entry("revert", "Make an older version the current one again."),
        "remove": _entry("remove", "Retire a version: its bytes become free."),
        "tag": _entry("tag", "Tag versions that were reviewed and merged."),
    },
    "Serve": {
        "promote": _entry("promote", "Make a version the one that stands in an environment."),
        "history": _entry("history", "Show what stood in which environment, and when."),
        "endpoint": _entry("endpoint", "Make, show and delete endpoints."),
        "traffic": _entry("traffic", "Set the traffic split of an endpoint."),
        "rollback": _entry("rollback", "Send an endpoint's traffic back to a good version."),
        "serve": _entry("serve", "Run endpoints here: gateway and workers."),
        "metrics": _entry("metrics", "Show what an endpoint's versions really do."),
    },
    "Look after": {
        "config": _entry("config", "Show or set the registry's configuration."),
        "fsck": _entry("fsck", "Check tags, manifests and bytes."),
        "doctor": _entry("doctor", "Find and repair what a killed run left."),
        "completion": _entry("completion", "Print the completion script for a shell."),
        "demo": _entry("demo", "Watch the main job on a small real model."),
    },
}

COMMANDS: dict[str, Entry] = {
    name: entry for commands in SECTIONS.values() for name, entry in commands.items()
}
