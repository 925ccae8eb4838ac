"""Raw bytes to text, one module a family of formats."""
