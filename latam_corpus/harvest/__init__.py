"""Collects pages: of websites, feeds, repositories and Common Crawl, into WARC."""
