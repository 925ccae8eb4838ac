"""Convert records to documents: their columns, values, terms, and contracts."""
