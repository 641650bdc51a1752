"""Counting requests, and reading counts, rates and latencies."""
