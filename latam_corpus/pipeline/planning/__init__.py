"""Recipes and the plan of a run."""
