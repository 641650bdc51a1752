"""Options and arguments shared by commands: their declarations, completion and parsing."""
