"""Read the runs and releases that a user names: their documents, and the history and signals of documents."""
