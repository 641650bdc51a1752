"""A worker's process: checks the digest, loads one model, answers its requests."""
