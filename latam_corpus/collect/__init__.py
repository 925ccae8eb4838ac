"""Read the files of a source into raw records."""
