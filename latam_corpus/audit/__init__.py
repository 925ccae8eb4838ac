"""Runs and releases read back: their documents, a document's story, what was measured, named as people name them."""
