"""The canary controller of `git regolo serve`: over a registry, and the engine of its repository."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from regolo_git.registry.handle import Handle
from regolo_git.serving.canary.controller import CanaryController
from regolo_git.serving.canary.kept_evidence import decider_id
from regolo_git.serving.canary.prometheus_counters import PrometheusCounters
from regolo_git.serving.canary.view import LocalEngine
from regolo_git.serving.desired import Source, Writer
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.registry_writer import RegistryWriter


def canary_controller(
    source: Source,
    open_handle: Callable[[], Handle],
    common_directory: Path,
    *,
    names: Collection[str] = (),
    push: bool | None = None,
    take_over: bool = False,
    prometheus: str | None = None,
    say: Callable[[str], None],
) -> CanaryController:
    """A controller of the canaries of some endpoints, or of all.

    `push` is that of `RegistryWriter`; counts are read from a Prometheus server, if there is one.  Raises
    InvalidInput for a URL that is not http or https, or if Git does not know whose commits it will make.
    """
    with closing(open_handle()) as handle:
        # Now, and not at night when a rollback is to be committed.
        handle.git.authorship()

    @contextmanager
    def open_writer() -> Iterator[Writer]:
        with closing(open_handle()) as handle:
            yield RegistryWriter(handle, push=push)

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
