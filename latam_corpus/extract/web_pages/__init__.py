"""HTML pages to text, by the layout of their blocks."""
