"""A host and its clones."""

from support.clones import team

__all__ = ["team"]
