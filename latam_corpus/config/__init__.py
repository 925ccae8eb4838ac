"""TOML files: syntax errors with hints, and models that check values."""
