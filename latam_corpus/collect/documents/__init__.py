"""Records to documents: columns, values, terms, and contracts."""
