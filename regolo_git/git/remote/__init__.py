"""Remote repositories: what one has, and what goes to it and comes from it."""
