"""The commands of `git regolo endpoint`, one per file; `group.py` is the group."""
