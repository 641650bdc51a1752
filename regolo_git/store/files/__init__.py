"""The filesystems that a store can use: the protocol and its implementations."""
