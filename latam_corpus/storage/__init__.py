"""Files and folders: durable writes, locks, remote file systems, and spilled rows."""
