"""`git regolo ci`: writes a workflow that reviews changes and tags what was merged."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.streams import put, talk, talk_next
from regolo_git.errors import Conflict, InvalidInput
from regolo_git.reviews.ci_workflow import HOSTS, PLACES, Host, Program, workflow

STDOUT = "-"
EXECUTABLE = 0o755


@click.command()
@click.argument("host", type=click.Choice(HOSTS))
@click.option(
    "--sha256",
    metavar="HEX",
    help="The SHA-256 of the wheel of this program, which the workflow installs and nothing else.",
)
@click.option("--output", "-o", metavar="FILE", help="Write to FILE, or with - to the standard output.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def ci(host: Host, sha256: str | None, output: str | None, force: bool) -> None:
    """Write a workflow that reviews each change of the registry and tags merged versions.

    For GitHub, a job without rights reads the pull request, and another one, which reads nothing, posts one
    comment and a status.  For GitLab, the report is shown beside the merge request.  The script is for any
    other host.  Store credentials in it are names of secrets: give them those of a reader.

    Prints the path of the file.

    \b
    Examples:
      git regolo ci github --sha256 "$(sha256sum *.whl | cut -d' ' -f1)"
      git regolo ci gitlab --sha256 HEX -o -

    Exit status: 0 success; 2 the hash is missing or not valid; 3 not in a registry; 4 another file is there.
    """
    with open_handle() as handle:
        text = workflow(host, handle.config(), Program(sha256 or _known_hash()))
        top = handle.paths.work_tree
    if output == STDOUT:
        put(text.rstrip("\n"))
        return
    if output is None and top is None:
        raise InvalidInput("a bare repository has no place for the file", "name one: -o FILE, or -o -")
    path = Path(output) if output is not None else Path(top or "") / PLACES[host]
    _write(path, text, executable=host == "script", force=force)
    put(str(path))
    talk(f"wrote {path.name}")
    talk_next(f"git add {PLACES[host]}" if output is None else "commit it where your CI looks for it")


def _known_hash() -> str:
    """The hash of the wheel that this program was installed from, if the installer noted it."""
    try:
        noted = json.loads(distribution("regolo-git").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        noted = {}
    found = noted.get("archive_info", {}).get("hashes", {}).get("sha256")
    if not isinstance(found, str):
        raise InvalidInput(
            "the hash of this program's wheel is not known here, and a workflow installs no other one",
            "pip download --no-deps regolo-git && sha256sum regolo_git-*.whl, then --sha256 HEX",
        )
    return found


def _write(path: Path, text: str, *, executable: bool, force: bool) -> None:
    if path.exists() and not force and path.read_text(encoding="utf-8", errors="replace") != text:
        raise Conflict(f"'{path}' is there with other content", "use --force to replace it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if executable:
        path.chmod(EXECUTABLE)
