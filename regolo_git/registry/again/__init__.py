"""Repeating a waiting proposal: the same bytes on the new tip of the registry branch."""
