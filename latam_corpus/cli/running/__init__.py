"""Commands that run recipes and list runs."""
