"""A website to WARC: politely, within its scope, and so that it can be stopped at any moment and goes on from there.

`website` runs it; `frontier` remembers; `exchange` asks, through `network`; `warc_writer` writes; `links`,
`link_addresses` and `traps` decide what is asked next.
"""
