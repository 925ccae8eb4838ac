"""Measure signals, and drop documents outside their bounds."""
