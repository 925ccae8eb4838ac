"""The commands `desk …`, the server that they start, and backups."""
