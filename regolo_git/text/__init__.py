"""Values as text for people: sizes, numbers, times, names.  Pure functions."""
