"""Withdraw texts or hold them during a dispute: search, review the effect, confirm, and get a receipt."""
