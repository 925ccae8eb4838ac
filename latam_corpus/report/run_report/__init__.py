"""Reports of runs, and comparisons of runs."""
