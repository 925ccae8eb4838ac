"""Turns of interviews, and their speakers' labels."""
