"""The execution of a plan: parts, barriers, and results."""
