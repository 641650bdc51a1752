"""Artifacts from one store to another: each chunk verified, and before the recipe that names it."""
