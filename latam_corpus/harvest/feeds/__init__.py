"""Feeds as a source: `entries` reads RSS and Atom, `crawl` fetches the pages of new entries into WARC."""
