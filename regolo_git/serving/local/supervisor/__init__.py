"""What runs in the supervisor's process: the branch followed, gateway and workers kept as it says."""
