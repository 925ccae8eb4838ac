"""Withdraw texts or hold them during a dispute: search, see what would happen, confirm, and get a receipt."""
