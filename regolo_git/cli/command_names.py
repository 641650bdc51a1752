"""The names of the commands: where each one is, and the line that the list of commands has for it.

`git regolo -h` and completion read these tables and import no command; a command's module is imported when it
runs.  To add a command, write its module in `cli/commands/` and add a line here.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

PROGRAM = "regolo-git"
COMPLETE_VARIABLE = "_REGOLO_GIT_COMPLETE"  # in which a shell asks the program to complete


class Entry(NamedTuple):
    """A command: its module, the name of the command object there, and its line in the list of commands."""

    module: str
    attribute: str
    help: str


# Commands by name, below the titles of the help.
Sections: TypeAlias = Mapping[str, Mapping[str, Entry]]


def _entry(place: str, text: str, attribute: str | None = None) -> Entry:
    return Entry(f"regolo_git.cli.commands.{place}", attribute or place.rpartition(".")[2], text)


COMMANDS: Sections = {
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
        "retire": _entry("retire", "Retire a version: its bytes become free."),
        "tag": _entry("tag", "Tag versions that were reviewed and merged."),
    },
    "Serve": {
        "promote": _entry("promote", "Make a version the one that stands in an environment."),
        "history": _entry("history", "Show what stood in which environment, and when."),
        "endpoint": _entry("endpoint.group", "Make, show and delete endpoints.", "endpoint"),
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

ENDPOINT_COMMANDS: Sections = {
    "Commands": {
        "create": _entry("endpoint.create", "Make ENDPOINT, on one version."),
        "list": _entry("endpoint.list", "List the endpoints.", "list_"),
        "show": _entry("endpoint.show", "Show what ENDPOINT should do."),
        "history": _entry("endpoint.history", "Show every change of ENDPOINT."),
        "delete": _entry("endpoint.delete", "Take ENDPOINT off the registry branch."),
    },
}

# Older names, which do exactly the same and are not in the list of commands.
ALIASES = {"remove": "retire"}

# What people of other tools, and of git itself, type for a command.
ELSEWHERE = {
    "add": "git regolo commit -h",
    "clone": "git clone URL && git regolo init",
    "delete": "git regolo retire -h",
    "deploy": "git regolo promote -h",
    "download": "git regolo checkout -h",
    "fetch": "git fetch --tags",
    "get": "git regolo checkout -h",
    "info": "git regolo show -h",
    "ls": "git regolo list",
    "models": "git regolo list",
    "publish": "git regolo promote -h",
    "pull": "git pull --tags",
    "push": "git push --follow-tags",
    "restore": "git regolo checkout -h",
    "rm": "git regolo retire -h",
    "stage": "git regolo promote -h",
    "verify": "git regolo fsck",
    "versions": "git regolo list MODEL",
}
