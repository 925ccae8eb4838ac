"""The commands `crawl` and `rights`."""
