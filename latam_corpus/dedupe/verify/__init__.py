"""The direct comparison of candidate pairs."""
