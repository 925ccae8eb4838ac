"""Commands that write new files: recipes, plug-ins, and editor settings."""
