"""A release store: objects, manifests, signatures, and the withdrawal log."""
