"""From an artifact to chunks and a recipe."""
