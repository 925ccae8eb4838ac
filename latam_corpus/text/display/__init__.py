"""Text as terminals and spreadsheets may show it."""
