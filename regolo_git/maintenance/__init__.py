"""Checks and repairs a registry."""
