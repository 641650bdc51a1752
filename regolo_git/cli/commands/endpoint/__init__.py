"""The commands of `git regolo endpoint`, one per file; `group.py` holds them together."""
