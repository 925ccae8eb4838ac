"""Files, and the texts that are extracted from them."""
