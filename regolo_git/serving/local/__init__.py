"""The local engine: endpoints run on this machine."""
