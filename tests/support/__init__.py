"""What the tests share: real repositories, sample files, running servers."""
