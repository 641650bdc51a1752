"""Where the tensors of a file lie, read from headers alone."""
