"""Read TOML files: explain syntax errors, and check values with models."""
