"""Storing artifacts as chunks and restoring them; independent of Git."""
