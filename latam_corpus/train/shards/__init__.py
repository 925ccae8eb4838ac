"""Read the files of a version for streams."""
