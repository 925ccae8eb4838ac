"""Withdrawals, holds, and purges, with their receipts."""
