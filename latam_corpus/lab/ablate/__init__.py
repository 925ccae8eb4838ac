"""Compare choices of training documents by training small models on each choice in the same way."""
