"""Signals measured, and bounds that decide."""
