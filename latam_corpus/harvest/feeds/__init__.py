"""Feeds as a source: `entries` parses RSS and Atom, `feed_rounds` collects the pages of new entries into WARC."""
