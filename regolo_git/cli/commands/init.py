"""`git regolo init`: makes a Git repository a model registry."""

import shlex

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.streams import talk, talk_next
from regolo_git.errors import Conflict
from regolo_git.registry.initialise import initialise
from regolo_git.text.commits import short


@click.command()
@click.option("--store", metavar="URL", help="The shared store, recorded in the registry's configuration.")
@json_option
def init(store: str | None, as_json: bool) -> None:
    """Make the Git repository here a model registry.

    Adds one commit with .regolo/config.toml to the branch that is checked out, which becomes the registry
    branch.  In a clone of a registry, or a second time, it changes nothing.

    \b
    Examples:
      git init -b main && git regolo init
      git regolo init --store s3://models/team

    Exit status: 0 done; 2 a store URL or an author that cannot be used; 3 no Git repository here;
    4 its files have uncommitted changes, a merge is under way, or a registry has another --store already.
    """
    with open_handle() as handle:
        done = initialise(handle, store)
        if done.commit is not None:
            talk(f"made {done.top} a registry: commit {short(done.commit)} on {done.branch}")
            talk_next("git regolo register MODEL PATH")
        else:
            talk(f"{done.top} is a registry already, on {done.branch}")
            if store is not None and store != handle.config().store_url:
                raise Conflict(
                    "'--store' is for a new registry", f"git regolo config store.url {shlex.quote(store)}"
                )
        put_result(
            None, {"top": str(done.top), "branch": done.branch, "commit": done.commit}, as_json=as_json
        )
