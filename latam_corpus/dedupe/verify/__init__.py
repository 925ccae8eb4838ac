"""Compare candidate pairs directly."""
