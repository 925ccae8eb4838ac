"""Text as one compiled pass sees it, and the signals computed from that."""
