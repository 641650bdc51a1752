"""Counts, windows and rates of requests, and where they are read from."""
