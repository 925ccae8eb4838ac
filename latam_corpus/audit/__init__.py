"""Read runs and releases that a user names: their documents, the history of a document, and its signals."""
