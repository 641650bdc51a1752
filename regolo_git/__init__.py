"""regolo-git: a Git-backed model registry."""

__version__ = "0.1.0"
