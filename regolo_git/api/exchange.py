"""The methods of `Registry` that exchange versions with a remote."""

from collections.abc import Sequence

from regolo_git.api.plain_arguments import plain_arguments
from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.fetch import Fetched, fetch
from regolo_git.registry.sync.pull import Pulled, pull
from regolo_git.registry.sync.push import PushResult, push


@plain_arguments
class ExchangeVerbs:
    """Methods for the exchange with a remote."""

    handle: Handle

    def push(self, models: Sequence[str] = ()) -> PushResult:
        """Pushes versions with the branches and notes of the registry, all branches and tags or none.

        With `models`, each branch up to the newest version of one of them.  Versions that another clone has
        overtaken get the next free numbers if theirs were automatic: `result.versions` has `before` and
        `version` of each.  Raises NotFound without a remote, Conflict if you have to merge, TransportError.
        """
        return push(self.handle, [models] if isinstance(models, str) else models)

    def fetch(self) -> Fetched:
        """Fetches commits, version tags and notes; no branch and no file changes.

        `result.differing` names tags that are other ones here, and stay.  Raises NotFound without a remote,
        TransportError.
        """
        return fetch(self.handle)

    def pull(self, *, progress: OnProgress | None = None) -> Pulled:
        """Fetches, brings branches up to date, and checks out files whose versions changed, unless edited.

        `result.files.failed` has the errors of files that could not be checked out.  Raises NotFound without
        a remote, Conflict if you have to merge, TransportError.
        """
        return pull(self.handle, on_progress=progress or ignore_progress)
