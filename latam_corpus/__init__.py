"""Build, audit and withdraw text corpora of Latin America."""

__version__ = "0.1.0"
