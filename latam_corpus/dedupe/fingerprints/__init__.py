"""Fingerprints of documents: hashes, word streams, anchors, and known damage."""
