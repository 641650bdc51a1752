"""`git regolo hooks`: install, show and remove Git hooks."""
