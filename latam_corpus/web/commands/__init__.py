"""The commands `desk …`."""
