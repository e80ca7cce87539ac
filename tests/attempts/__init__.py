"""Attempts on the house, in tables: who tries what, and what it comes to."""
