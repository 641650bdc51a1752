"""Making a proposal that waits again: the same bytes, on the new tip of the registry branch."""
