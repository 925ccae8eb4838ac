"""Candidate pairs: documents that share fingerprints."""
