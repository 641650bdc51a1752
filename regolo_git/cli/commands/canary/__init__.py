"""The commands of `git regolo canary`."""
