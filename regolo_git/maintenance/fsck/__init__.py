"""Checks of tags, records and artifacts."""
