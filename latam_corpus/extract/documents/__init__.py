"""Word, OpenDocument, EPUB, TEI, Markdown, and plain text files to text."""
