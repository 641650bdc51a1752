"""From a recipe to files in their place."""
