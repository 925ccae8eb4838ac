"""The Python API, exported by `latam_corpus`; the command line calls the same functions."""
