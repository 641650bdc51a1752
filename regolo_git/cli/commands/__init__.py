"""One command per file, named by its verb; `cli/table.py` lists them."""
