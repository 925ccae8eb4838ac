"""The files of a version as streams read them."""
