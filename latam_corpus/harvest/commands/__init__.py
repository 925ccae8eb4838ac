"""The commands that collect from the web."""
