"""Pickles read symbolically, and the containers in which they are found.  Nothing is ever loaded."""
