"""Environments: promotions and their history."""
