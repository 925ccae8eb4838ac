"""Read recipes and plan runs."""
