"""Read and write files: durable writes, locks, remote file systems, and temporary files of rows."""
