"""The values of tensors of two artifacts, read from the stores and compared.  Needs NumPy."""
