"""Attributes that are opened on first use, once, whichever thread comes first."""

from typing import TYPE_CHECKING, Any

from regolo_git.cached import cached_property

if TYPE_CHECKING:
    opened_once = cached_property
else:

    class opened_once(cached_property):  # noqa: N801 - used like `cached_property`
        """Like `cached_property`, but under the lock of the instance, which a forked child replaces."""

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            with instance.lock:
                held = instance.__dict__
                return held[self._name] if self._name in held else super().__get__(instance, owner)
