"""HTML and XML as trees."""
