"""Read and write sheets of sources and of judgements."""
