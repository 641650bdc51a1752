"""`git regolo init`: initializes a model registry in a Git repository."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.streams import talk, talk_next
from regolo_git.errors import Conflict
from regolo_git.hints import Hint
from regolo_git.registry.initialize import initialize
from regolo_git.text.commits import short


@click.command()
@click.option("--store", metavar="URL", help="Record the URL of the shared store, and use it.")
@click.option("--textconv", is_flag=True, help="Have git show records value by value in diffs.")
@json_option
def init(store: str | None, textconv: bool, as_json: bool) -> None:
    """Initialize a model registry in the current Git repository.

    Adds one commit with .regolo/config.toml to the checked-out branch, which becomes the registry branch.
    In an existing registry, or a clone of one, it commits nothing. Either way git merges the records of this
    clone by key from then on (merge.regolo.driver in its configuration). A shared store in a directory is
    created; any other is created by the first push.

    \b
    Examples:
      git init -b main && git regolo init
      git regolo init --store s3://models/team

    Exit status: 0 success; 2 an invalid store URL or author; 3 not in a Git repository; 4 uncommitted
    changes, a merge in progress, or an existing registry with another --store; 6 the store cannot be created,
    or was used by this clone and is not there.
    """
    with open_handle() as handle:
        done = initialize(handle, store, textconv=textconv)
        for created in filter(None, (done.new_store, done.new_shared)):
            talk(f"created a store at {created}")
        if done.commit is not None:
            talk(f"initialized model registry in {done.top} (commit {short(done.commit)} on {done.branch})")
            talk_next("git regolo register MODEL PATH")
        else:
            talk(f"{done.top} is already a model registry, on {done.branch}")
            if store is not None and store != handle.config().store_url:
                raise Conflict("--store applies to a new registry", Hint("config", "store.url", store))
        put_result(
            None, {"top": str(done.top), "branch": done.branch, "commit": done.commit}, as_json=as_json
        )
