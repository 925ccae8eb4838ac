"""Load tokenizers, and count tokens."""
