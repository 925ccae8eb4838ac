"""Fingerprints of documents: hashes, word streams, anchors, and damage that shows in the text."""
