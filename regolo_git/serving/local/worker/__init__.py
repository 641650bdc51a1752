"""What runs in a worker's process: the digest checked, one model loaded, its requests answered."""
