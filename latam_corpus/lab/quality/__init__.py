"""Train quality scores."""
