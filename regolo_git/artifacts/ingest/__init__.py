"""Storing an artifact as chunks and a recipe."""
