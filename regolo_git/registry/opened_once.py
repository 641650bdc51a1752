"""Attributes that are opened on first use, once, whichever thread comes first."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regolo_git.cached import cached_property

    opened_once = cached_property
else:

    class opened_once:  # noqa: N801 - used like `cached_property`
        """Like `cached_property`, but under the lock of the instance, which a forked child makes anew."""

        def __init__(self, open_it: Any) -> None:
            self._open = open_it
            self.__doc__ = open_it.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            with instance.lock:
                held = instance.__dict__
                if self._name not in held:
                    held[self._name] = self._open(instance)
                return held[self._name]
