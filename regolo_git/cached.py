"""Values worked out on first use and kept in their object."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import functools

    cached_property = functools.cached_property  # noqa: TID251 - for the types alone
else:

    class cached_property:  # noqa: N801 - it stands for that of the standard library
        """The standard library's as it is since Python 3.12: without a lock.

        Before, one lock serves every object of the class, and a child that was forked while another thread
        held it waits forever.  Threads that come at once may each work the value out.
        """

        def __init__(self, work_out: Any) -> None:
            self._work_out = work_out
            self.__doc__ = work_out.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._work_out(instance)
            return value
