"""What a version can be made of."""
