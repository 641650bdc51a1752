"""The commands of `git regolo remote`, one per file; `group.py` is the group, which lists the stores."""
