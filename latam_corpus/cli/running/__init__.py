"""Commands that run recipes and list what was run."""
