"""Trains a score of quality."""
