"""What runs in the gateway's process: requests taken, a version chosen, forwarded, counted."""
