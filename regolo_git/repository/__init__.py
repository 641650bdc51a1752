"""One Git repository with its store: ingest, materialize, publish."""
