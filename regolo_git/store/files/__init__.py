"""The filesystems that a store can be on: what each promises, and the kinds that keep it."""
