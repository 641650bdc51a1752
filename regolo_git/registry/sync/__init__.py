"""Exchange with a remote and the shared store: push, fetch, pull, clone."""
