"""Endpoints running."""
