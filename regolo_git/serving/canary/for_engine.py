"""The canary controller of `git regolo serve`: over a registry, and the engine of its repository."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from regolo_git.registry.handle import Handle
from regolo_git.registry.rewritten import follow_rewritten
from regolo_git.serving.canary.controller import CanaryController
from regolo_git.serving.canary.kept_evidence import decider_id
from regolo_git.serving.canary.prometheus_counters import PrometheusCounters
from regolo_git.serving.canary.view import LocalEngine
from regolo_git.serving.desired import Source, Writer
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.registry_writer import RegistryWriter
from regolo_git.text.commits import short


def canary_controller(
    source: Source,
    open_handle: Callable[[], Handle],
    common_directory: Path,
    *,
    names: Collection[str] = (),
    remote: str | None = None,
    take_over: bool = False,
    prometheus: str | None = None,
    say: Callable[[str], None],
) -> CanaryController:
    """A controller of the canaries of some endpoints, or of all.

    What it decides is pushed to `remote` at once, if that is followed; otherwise as git config says.  Counts
    are read from a Prometheus server, if there is one.  Raises InvalidInput for a URL that is not http or
    https, or if Git does not know whose commits it will make.
    """
    with closing(open_handle()) as handle:
        # Now, and not at night when a rollback is to be committed.
        handle.git.authorship()

    @contextmanager
    def open_writer() -> Iterator[Writer]:
        with closing(open_handle()) as handle:
            if remote is not None:
                _follow_rewritten(handle, remote, say)
            yield RegistryWriter(handle, push=True if remote is not None else None)

    directory = RuntimeDirectory.of(common_directory)
    counters = PrometheusCounters(prometheus, say) if prometheus is not None else None
    return CanaryController(
        source,
        open_writer,
        LocalEngine(common_directory),
        directory,
        decider=decider_id(directory.canaries),
        names=names,
        take_over=take_over,
        counters=counters.read if counters is not None else None,
        say=say,
    )


def _follow_rewritten(handle: Handle, remote: str, say: Callable[[str], None]) -> None:
    """Has branches of this clone follow those that were rewritten, if that loses no commit of its own."""
    for branch in dict.fromkeys((handle.registry_branch(), handle.operations_branch())):
        before = follow_rewritten(handle.git, remote, branch)
        if before is not None:
            upstream = f"'{remote}/{branch}', which was rewritten"
            say(f"branch '{branch}' was moved from {short(before)} to {upstream}")
