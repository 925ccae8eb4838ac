"""The language classifier: its file, its vectors, and the lines it reads."""
