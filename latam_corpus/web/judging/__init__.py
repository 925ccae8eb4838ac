"""Judging texts: readers judge one text per screen without seeing each other's answers; agreement is measured."""
