"""Adding a feature to `format.toml` before it is used for the first time.

`format.toml` is replaced whole, and two writers may replace it at once.  So a writer reads it again until its
feature is there, and once more before it puts the first recipe that needs it.
"""

import random
import threading
import time
from collections.abc import Callable

from regolo_git.errors import Conflict
from regolo_git.hints import Hint
from regolo_git.records.store_format import FORMAT_FILE, StoreFormat
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import read_format

Confirm = Callable[[str], bool]
TRIES = 10
WAIT_SECONDS = 0.1


def decline(_question: str) -> bool:
    """The answer where nobody can be asked."""
    return False


class FeatureWriter:
    """A feature of one store, added when it is needed; may be used from several threads at once."""

    def __init__(self, files: Files, form: StoreFormat, feature: str, confirm: Confirm) -> None:
        self._files, self._feature, self._confirm = files, feature, confirm
        self._is_there = feature in form.features
        self._is_added = False
        self._lock = threading.Lock()

    def ensure(self) -> None:
        """Adds the feature if the store lacks it, after a question.  Raises Conflict if the answer is no."""
        with self._lock:
            if self._is_there:
                return
            if self._feature not in read_format(self._files).features:
                self._ask()
                self._add()
                self._is_added = True
            self._is_there = True

    def check(self) -> None:
        """Adds the feature again if this object has added it and another writer has replaced that."""
        with self._lock:
            if self._is_added:
                self._add()

    def _ask(self) -> None:
        url = self._files.url
        if not self._confirm(f"Raise the store '{url}' to format 2? Release 0.1 will not be able to use it"):
            raise Conflict(
                f"the store '{url}' has format 1, and small chunks are sent in packs, which need format 2",
                Hint("push", "--yes"),
            )

    def _add(self) -> None:
        for _ in range(TRIES):
            form = read_format(self._files)
            if self._feature in form.features:
                return
            self._files.write(FORMAT_FILE, form.with_feature(self._feature).to_text().encode())
            self._files.settle()
            time.sleep(random.uniform(0, WAIT_SECONDS))
        raise Conflict(f"other writers keep replacing '{FORMAT_FILE}' of the store '{self._files.url}'")
