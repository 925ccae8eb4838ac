"""The commands that librarians give."""
