"""Withdrawn documents, people, and texts, and how copies are recognised."""
