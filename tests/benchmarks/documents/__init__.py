"""Documents that real programs write, read back: what becomes of lines, paragraphs, turns and hidden text."""
