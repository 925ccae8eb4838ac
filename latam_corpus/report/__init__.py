"""Pages about runs and releases, in Spanish, Portuguese and English, that need no network."""
