"""The command line in this process, and registries to work in."""

from support.command_line_fixtures import registry, regolo, top, two_versions
from support.team import publisher, team

__all__ = ["publisher", "registry", "regolo", "team", "top", "two_versions"]
