"""Recognise documents that were withdrawn or refused, and copies of them."""
