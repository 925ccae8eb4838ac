"""The public catalogue: versions, collections and texts that may be shown, without an account."""
