"""The table of commands: name, module and summary of each.

`git regolo -h` and completion read these tables and import no command; a command's module is imported when it
runs.  To add a command, write its module in `cli/commands/` and add a line here.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from regolo_git.hints import Hint, NextStep

PROGRAM = "regolo-git"
COMPLETE_VARIABLE = "_REGOLO_GIT_COMPLETE"  # set by a shell that asks for completions


class Entry(NamedTuple):
    """A command: its module, the name of the command object there, and its summary in the help."""

    module: str
    attribute: str
    help: str


# Group heading of the help -> command name -> entry.
Sections: TypeAlias = Mapping[str, Mapping[str, Entry]]


def _entry(place: str, text: str, attribute: str | None = None) -> Entry:
    return Entry(f"regolo_git.cli.commands.{place}", attribute or place.rpartition(".")[2], text)


COMMANDS: Sections = {
    "Create": {
        "init": _entry("init", "Initialize a model registry in a Git repository."),
        "register": _entry("register", "Register a model with its first version."),
        "commit": _entry("commit", "Add a version to a model."),
    },
    "Inspect": {
        "list": _entry("list", "List models, or the versions of a model.", "list_"),
        "log": _entry("log", "Show version history and metric trends."),
        "show": _entry("show", "Show a version in detail."),
        "status": _entry("status", "Compare the work tree with the checked-out versions."),
        "describe": _entry("describe", "List the versions at a commit."),
        "diff": _entry("diff", "Compare two versions."),
        "blame": _entry("blame", "Show which version gave a metric its value."),
        "bisect": _entry("bisect", "Find the version that broke something."),
        "review": _entry("review", "Judge a change before it is merged."),
    },
    "Use": {
        "checkout": _entry("checkout", "Restore a version's files."),
        "revert": _entry("revert", "Make an older version current again."),
        "renumber": _entry("renumber", "Give an unpushed version the next free number."),
        "seal": _entry("seal", "Seal a manifest that was edited or merged by hand."),
        "retire": _entry("retire", "Retire a version, keeping its tag and history."),
        "evaluate": _entry("evaluate", "Record what was measured of a version later."),
        "label": _entry("label", "Label a version: approved=yes."),
        "describe-model": _entry(
            "describe_model", "Change a model's description or owner.", "describe_model"
        ),
        "sign": _entry("sign", "Sign a version that has its tag already."),
        "tag": _entry("tag", "Tag reviewed and merged versions."),
        "ci": _entry("ci", "Write a workflow that reviews changes and tags versions."),
    },
    "Share": {
        "clone": _entry("clone", "Clone a registry with its files."),
        "push": _entry("push", "Push versions to the remote."),
        "fetch": _entry("fetch", "Fetch versions from the remote."),
        "pull": _entry("pull", "Fetch, and bring branches and files up to date."),
        "remote": _entry("remote.group", "List, add and remove shared stores.", "remote"),
    },
    "Deploy": {
        "promote": _entry("promote", "Promote a version to an environment."),
        "demote": _entry("demote", "Take a version out of an environment."),
        "history": _entry("history", "Show the promotion history of a model."),
        "environment": _entry("environment.group", "Show what environments have, and had.", "environment"),
        "endpoint": _entry("endpoint.group", "Create, show and delete endpoints.", "endpoint"),
        "traffic": _entry("traffic", "Show or set an endpoint's traffic split."),
        "rollback": _entry("rollback", "Return an endpoint's traffic to a good version."),
        "canary": _entry("canary.group", "Try a version on a share of the traffic.", "canary"),
        "serve": _entry("serve", "Serve endpoints from this machine."),
        "metrics": _entry("metrics", "Show measured traffic, errors and latency."),
    },
    "Maintain": {
        "config": _entry("config", "Show or change the configuration."),
        "evict": _entry("evict", "Free local copies that the shared store has."),
        "fsck": _entry("fsck", "Verify tags, manifests and stored bytes."),
        "doctor": _entry("doctor", "Find and repair leftovers of interrupted runs."),
        "help": _entry("help", "Show the help of a command.", "help_"),
        "version": _entry("version", "Show the version of the program."),
        "completion": _entry("completion", "Print a shell completion script."),
        "hooks": _entry("hooks.group", "Install, show and remove Git hooks.", "hooks"),
        "hook": _entry("hook", "Run one hook, as Git and pre-commit do."),
        "demo": _entry("demo", "Run a demonstration on a small real model."),
    },
    "Called by git": {
        "merge-driver": _entry("merge_driver", "Merge a record by key.", "merge_driver"),
        "textconv": _entry("textconv", "Print a record with one line for each value."),
    },
}

ENDPOINT_COMMANDS: Sections = {
    "Commands": {
        "create": _entry("endpoint.create", "Create an endpoint for a version."),
        "list": _entry("endpoint.list", "List endpoints.", "list_"),
        "show": _entry("endpoint.show", "Show an endpoint's desired state."),
        "history": _entry("endpoint.history", "Show every change of an endpoint."),
        "delete": _entry("endpoint.delete", "Delete an endpoint, keeping its history."),
    },
}

ENVIRONMENT_COMMANDS: Sections = {
    "Commands": {
        "list": _entry("environment.list", "List their versions, now or at a time.", "list_"),
    },
}

CANARY_COMMANDS: Sections = {
    "Commands": {
        "start": _entry("canary.start", "Give a version the first share."),
        "status": _entry("canary.status", "Show a canary and its evidence."),
        "hold": _entry("canary.hold", "Keep a canary at its share."),
        "abort": _entry("canary.abort", "End a canary, and take the version off."),
        "promote": _entry("canary.promote", "Give the version the next share, or everything."),
    },
}

REMOTE_COMMANDS: Sections = {
    "Commands": {
        "add": _entry("remote.add", "Read from a further store in this clone."),
        "remove": _entry("remote.remove", "Stop reading from a further store."),
    },
}

HOOKS_COMMANDS: Sections = {
    "Commands": {
        "install": _entry("hooks.install", "Install the hooks."),
        "status": _entry("hooks.status", "Show which hooks are installed."),
        "uninstall": _entry("hooks.uninstall", "Remove the hooks, and put back what was there."),
    },
}

# Former names, still accepted but not listed in the help.
ALIASES = {"remove": "retire"}

# The equivalents of commands of git and of other tools.
ELSEWHERE: dict[str, NextStep] = {
    "add": Hint("commit", "-h"),
    "alias": Hint("promote", "-h"),
    "annotate": Hint("describe-model", "-h"),
    "archive": Hint("retire", "-h"),
    "assign": Hint("promote", "-h"),
    "best": Hint("list", "MODEL", "--sort", "-METRIC"),
    "branch": "git switch -c NAME",
    "cat": Hint("show"),
    "clean": Hint("evict", "-h"),
    "co": Hint("checkout"),
    "compare": Hint("diff", "-h"),
    "delete": Hint("retire", "-h"),
    "deploy": Hint("promote", "-h"),
    "deprecate": Hint("retire", "-h"),
    "download": Hint("checkout", "-h"),
    "export": Hint("checkout", "-h"),
    "find": Hint("list", "-h"),
    "gc": Hint("evict", "-h"),
    "get": Hint("checkout", "-h"),
    "import": Hint("register", "-h"),
    "info": Hint("show", "-h"),
    "ls": Hint("list"),
    "merge": "git merge BRANCH",
    "models": Hint("list"),
    "mv": Hint("register", "NEW", "PATH", "--base", "MODEL@V"),
    "prune": Hint("evict", "-h"),
    "publish": Hint("promote", "-h"),
    "rename": Hint("register", "NEW", "PATH", "--base", "MODEL@V"),
    "restore": Hint("checkout", "-h"),
    "rm": Hint("retire", "-h"),
    "search": Hint("list", "-h"),
    "st": Hint("status"),
    "stage": Hint("promote", "-h"),
    "unassign": Hint("demote", "-h"),
    "undo": Hint("revert", "-h"),
    "upload": Hint("push"),
    "verify": Hint("fsck"),
    "versions": Hint("list", "MODEL"),
}
