"""The files that describe a version: card, Croissant, changelog, and obligations."""
