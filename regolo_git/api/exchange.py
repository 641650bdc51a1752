"""The methods of `Registry` that exchange versions with a remote."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from regolo_git.api.arguments import reference_or_latest
from regolo_git.api.plain_arguments import plain_arguments
from regolo_git.api.progress import ProgressOption, reporting
from regolo_git.errors import InvalidInput
from regolo_git.registry.evict import EvictionPlan, evict, plan_eviction
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.fetch import Fetched, fetch
from regolo_git.registry.sync.pull import Pulled, pull
from regolo_git.registry.sync.push import PushResult, push


@plain_arguments
class ExchangeVerbs:
    """Methods for the exchange with a remote."""

    handle: Handle

    def confirm_store(self, url: str) -> None:
        """Confirms that this clone may use the shared store at `url`, which the registry names.

        The URL is in the repository, so its first use is confirmed in each clone.  Raises InvalidInput if the
        registry names another one, or none.
        """
        self.handle.shared_stores.confirm_url(url)
        self.handle.forget_stores()

    def push(
        self, models: Sequence[str] = (), *, yes: bool = False, progress: ProgressOption = None
    ) -> PushResult:
        """Pushes versions: bytes to the shared store, then branches and tags, all or none, then notes.

        `yes` confirms the shared store that the registry names, where this clone has not used it yet, and
        lets a store that 0.1 created have packs, so that 0.1 cannot use it any more.
        With `models`, each branch up to the newest version of one of them.  Versions that another clone has
        overtaken get the next free numbers if theirs were automatic: `result.versions` has `before` and
        `version` of each.  Raises NotFound without a remote, Conflict if you have to merge or without
        `yes`, TransportError.  `progress` is that of `register_model`, for the bytes that are sent.
        """
        named = [models] if isinstance(models, str) else models
        with self._may_use_store(yes), reporting(progress, "sending") as tell:
            return push(self.handle, named, on_progress=tell)

    def fetch(self) -> Fetched:
        """Fetches commits, version tags, notes and recipes; no branch and no file changes.

        Recipes are those of the newest versions that came, and of the versions in use, from a shared store
        that is confirmed; one that cannot be reached is a notice.
        `result.differing` names tags that are other ones here, and stay.  Raises NotFound without a remote,
        TransportError.
        """
        return fetch(self.handle)

    def pull(self, *, yes: bool = False, progress: ProgressOption = None) -> Pulled:
        """Fetches, brings branches up to date, and checks out files whose versions changed, unless edited.

        `result.files.failed` has the errors of files that could not be checked out.  `yes` is that of `push`,
        and `progress` that of `checkout_model_version`.  Raises NotFound without a remote, Conflict if you
        have to merge, TransportError.
        """
        with self._may_use_store(yes), reporting(progress, "checking out") as tell:
            return pull(self.handle, on_fetch=tell, on_progress=tell)

    def evict(
        self,
        model_id: str | None = None,
        version: str = "latest",
        *,
        unused_days: int | None = None,
        dry_run: bool = False,
    ) -> EvictionPlan:
        """Frees the local copy of a version, or of all that were not read from for `unused_days`.

        Only what the shared store is verified to hold; it is fetched again when it is needed.  `result.size`
        has the bytes, `result.versions` those of each version, or why it stays.  Raises NotFound, Conflict
        while another process writes to the local store, InvalidInput, TransportError.
        """
        if (model_id is None) == (unused_days is None):
            raise InvalidInput("give either a model, or unused_days")
        references = [reference_or_latest(model_id, version)] if model_id is not None else []
        unused = timedelta(days=unused_days) if unused_days is not None else None
        plan = plan_eviction(self.handle, references, unused=unused)
        if not dry_run:
            evict(self.handle, plan)
        return plan

    @contextmanager
    def _may_use_store(self, yes: bool) -> Iterator[None]:
        handle = self.handle
        before = handle.may_use_store, handle.may_raise_store
        handle.may_use_store = lambda _: yes
        handle.may_raise_store = lambda _: yes
        try:
            yield
        finally:
            handle.may_use_store, handle.may_raise_store = before
