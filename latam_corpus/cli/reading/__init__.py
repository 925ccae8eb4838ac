"""Commands that show documents, reports, lists and the reference."""
