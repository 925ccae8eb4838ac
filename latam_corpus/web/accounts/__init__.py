"""Accounts: log-in, invitations, people, and the language of the pages."""
