"""The command line in this process, and registries to work in."""

from support.command_line_fixtures import registry, regolo, top, two_versions

__all__ = ["registry", "regolo", "top", "two_versions"]
