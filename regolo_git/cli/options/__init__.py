"""Options and arguments that several commands take: how each is declared, completed and read."""
