"""One command per file, named by its verb; `cli/command_names.py` lists them."""
