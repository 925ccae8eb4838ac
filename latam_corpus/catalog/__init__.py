"""Describe sources and their terms: holders, rights, consent, and the mapping of records to documents."""
