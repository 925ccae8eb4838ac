"""Read and write a release store: objects, manifests, signatures and the withdrawal log."""
