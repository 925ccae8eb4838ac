"""Accounts: log in, invitations, people, the language of the pages."""
