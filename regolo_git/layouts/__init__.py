"""The positions of the tensors in a file, read from headers alone."""
