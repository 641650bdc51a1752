"""A traffic split, and who gets which version."""
