"""Execute a plan: parts, barriers and results."""
