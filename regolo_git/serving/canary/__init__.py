"""Canaries: the decision, what it is fed with, and who carries it out."""
