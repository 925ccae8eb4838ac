"""Previews of a source's documents."""
