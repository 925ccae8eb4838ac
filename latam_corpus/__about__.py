"""The version, apart from the package's public names, so that what states it imports none of them."""

__version__ = "0.1.0"
