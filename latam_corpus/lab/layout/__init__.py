"""The layout model of pages: what it learns from, and how."""
