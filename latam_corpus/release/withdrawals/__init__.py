"""Withdraw, hold and purge documents, and write receipts."""
