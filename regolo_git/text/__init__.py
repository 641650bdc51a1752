"""How a value reads, everywhere: pure functions from a value to text."""
