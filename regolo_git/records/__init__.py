"""Values and their canonical text: frozen dataclasses without I/O."""
