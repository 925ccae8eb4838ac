"""Streams of documents for training."""
