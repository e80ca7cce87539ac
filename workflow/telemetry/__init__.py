"""Logs, and figures that are counted in the background."""
