"""Captures of Common Crawl: `index` reads its indexes, `plan` chooses, `crawl` copies the records into our WARC."""
