"""One loader for each format; each imports its own library, in the worker."""
