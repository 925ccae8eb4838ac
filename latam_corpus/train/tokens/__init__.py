"""Tokenizers and token counts."""
