"""Trains, calibrates and evaluates the language identifier."""
