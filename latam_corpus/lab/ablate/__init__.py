"""Compare choices of training documents by small models, trained alike on each choice."""
