"""Environments: what is promoted where, and what was."""
