"""Turns and speaker labels of interviews."""
