"""Registries with hooks, and what git says when one of them runs."""

from support.command_line_fixtures import registry, regolo, top, two_versions

__all__ = ["registry", "regolo", "top", "two_versions"]
