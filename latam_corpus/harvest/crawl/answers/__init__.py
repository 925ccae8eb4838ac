"""The content of responses: pages, their links, sitemaps and feeds."""
