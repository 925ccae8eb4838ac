"""Crawl a website into WARC, politely and within its scope; a crawl can be stopped at any moment and resumed.

`website` runs the crawl; `frontier` stores its state; `exchange` makes requests through `network`; `warc_writer` writes
records; `links`, `link_addresses` and `traps` choose the next addresses.
"""
