"""Commands for librarians."""
