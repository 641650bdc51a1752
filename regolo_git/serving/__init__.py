"""Running endpoints."""
