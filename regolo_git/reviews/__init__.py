"""The changes between two versions, collected and rendered."""
