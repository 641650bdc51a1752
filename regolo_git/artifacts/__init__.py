"""Files and chunks: an artifact into the store and back; nothing here knows Git."""
