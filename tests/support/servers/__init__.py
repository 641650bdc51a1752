"""Real servers for tests, one module each: on 127.0.0.1, at a free port, until the session ends."""
