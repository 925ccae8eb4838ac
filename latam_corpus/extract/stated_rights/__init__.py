"""Statements of files about their licence, reservations, and opt-outs."""
