"""The gateway's process: accepts requests, chooses a version, forwards, counts."""
