"""The commands of `git regolo environment`."""
