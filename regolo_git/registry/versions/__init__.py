"""Versions: request, draft, create, check out, revert, retire, tag."""
