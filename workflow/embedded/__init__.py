"""Servers that makegood brings along, for a machine on which none is installed."""
