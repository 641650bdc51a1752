"""Checking and repairing a registry."""
