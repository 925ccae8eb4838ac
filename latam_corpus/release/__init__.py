"""Versions of a corpus: built, listed, verified and pulled."""
