"""Pages that need no network: what a run or a release looks like, in Spanish, Portuguese and English."""
