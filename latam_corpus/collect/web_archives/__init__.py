"""WARC and ARC files: records, pages, and recorded responses."""
