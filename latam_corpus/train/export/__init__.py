"""Exports of tokens in the formats of other loaders, as their own libraries write them."""
