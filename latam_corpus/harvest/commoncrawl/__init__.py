"""Captures of Common Crawl: `capture_index` reads its indexes, `capture_plan` chooses, `copying` copies records."""
