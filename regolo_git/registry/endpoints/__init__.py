"""Endpoints: desired traffic, and its history."""
