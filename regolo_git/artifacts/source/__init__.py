"""The sources of an artifact: files, directories, and data in memory."""
