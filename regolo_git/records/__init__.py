"""Records as frozen dataclasses, and their canonical text; no I/O."""
