"""Captures of Common Crawl: `capture_index` reads indexes, `capture_plan` chooses, `copying` copies records."""
