"""Verdicts on metrics and versions: pure functions."""
