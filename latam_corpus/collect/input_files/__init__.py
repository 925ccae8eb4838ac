"""List the files of a source, and find their descriptions in catalogues."""
