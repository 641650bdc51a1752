"""The routing table, and choosing a version for a request."""
