"""The supervisor's process: follows the branch, and runs the gateway and the workers accordingly."""
