"""Files and folders: durable writes, locks, remote file systems, and rows on temporary disk space."""
