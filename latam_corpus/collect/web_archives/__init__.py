"""Read WARC and ARC files: their records, pages, and recorded responses."""
