"""Which rows a version may hold, and why others are left out."""
