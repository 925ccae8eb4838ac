"""PDF files, pictures, and pages from OCR engines to text."""
