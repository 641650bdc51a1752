"""A registry in a real Git repository, and small real models to put into it."""

from support.registry_fixtures import registry, weights

__all__ = ["registry", "weights"]
