"""File formats: their descriptors, the registry of all formats, and recognition by the first bytes."""
