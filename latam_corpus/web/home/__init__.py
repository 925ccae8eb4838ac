"""The home page, collections and jobs."""
