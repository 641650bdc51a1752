"""Packs: small chunks that are stored, found and read together."""
