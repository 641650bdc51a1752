"""The engine that runs endpoints on this machine."""
