"""Errors of the libraries behind a store, in our words: one module for each of the libraries."""
