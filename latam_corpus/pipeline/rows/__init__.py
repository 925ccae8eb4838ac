"""Conserve, check and store rows between stages."""
