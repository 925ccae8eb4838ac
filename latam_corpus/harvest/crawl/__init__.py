"""A website to WARC: politely, within its scope, and so that it can be stopped at any moment and goes on from there.

`crawl` runs it; `frontier` remembers; `fetch` asks, through `network`; `archive` writes; `links`, `addresses` and
`traps` decide what is asked next.
"""
