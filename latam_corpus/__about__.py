"""The version, in a separate module so that reading it imports none of the package's public names."""

__version__ = "0.1.0"
