"""Serves librarians: questions, sheets, checks and previews of sources."""
