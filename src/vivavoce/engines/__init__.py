"""Speech and language engines: one file each, and each imports its own library lazily."""
