"""Chunks and recipes on any fsspec filesystem."""
