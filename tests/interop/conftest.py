"""A registry in a real Git repository, and one with a shared store."""

from support.registry_fixtures import registry
from support.team import publisher, team

__all__ = ["publisher", "registry", "team"]
