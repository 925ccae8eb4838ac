"""Recipes, plans and runs, and the ledger of all that happened."""
