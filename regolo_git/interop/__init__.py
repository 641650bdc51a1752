"""How other libraries reach a registry."""
