"""What Git calls: checks of a commit, of a push and of received refs, and remarks after a checkout."""
