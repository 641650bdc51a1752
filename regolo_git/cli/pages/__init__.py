"""Output of values that several commands print: pages for people, documents and fields for programs."""
