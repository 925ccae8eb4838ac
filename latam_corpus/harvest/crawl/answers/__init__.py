"""Answers of sites: links, sitemaps, and pages."""
