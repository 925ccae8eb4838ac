"""Build, list, verify and pull versions of a corpus."""
