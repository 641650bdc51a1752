"""Every engine and its module.

The names are those of `records.endpoint.ENGINES`, below the registry, which refuses an unknown one when an
endpoint is created, long before anything serves it.  A new engine is a name there, a line here, and a package
beside `local/`.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from regolo_git.records.endpoint import LOCAL, check_engine
from regolo_git.records.json_reader import Json
from regolo_git.serving.desired import Source
from regolo_git.serving.metrics.values import EndpointMetrics
from regolo_git.serving.options import ServeOptions

MODULES: Final = {LOCAL: "regolo_git.serving.local.engine"}


class Engine(Protocol):
    """A module that runs endpoints as the branch describes them, and reports on them.

    `serve` is the process that follows the branch; the other functions reach it from another process through
    `common_directory`, the repository's.  They raise NotFound if nothing serves the registry, ServingError
    if the engine does not answer.
    """

    def serve(
        self,
        source: Source,
        endpoints: Sequence[str],
        options: ServeOptions,
        *,
        say: Callable[[str], None],
        listening: Callable[[str], None] = ...,
    ) -> None:
        """Serves endpoints (all of the branch where none is named) until it is told to stop.

        `say` gets a line for each change; `listening` gets the address once requests are accepted.
        """
        ...

    def status(self, common_directory: Path) -> dict[str, Json]:
        """What runs, and its problems."""
        ...

    def metrics(self, common_directory: Path, endpoint: str, seconds: float) -> EndpointMetrics:
        """An endpoint's metrics over the last seconds, or over those before the engine stopped.

        Raises NotFound also if it is not served and nothing is known of it.
        """
        ...

    def replace(self, common_directory: Path) -> dict[str, Json]:
        """Replaces the process that accepts requests without losing one; returns the status."""
        ...

    def stop(self, common_directory: Path) -> None:
        """Stops the engine once everything in flight is answered; returns when it has ended."""
        ...


def load_engine(name: str) -> Engine:
    """Imports an engine by its name.  Raises InvalidInput for an unknown one."""
    return cast(Engine, import_module(MODULES[check_engine(name)]))


if TYPE_CHECKING:
    # The type of what `import_module` returns is unknown; here mypy compares each module with the protocol.
    from regolo_git.serving.local import engine as _local

    _CHECKED: tuple[Engine, ...] = (_local,)
