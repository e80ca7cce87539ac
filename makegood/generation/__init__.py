"""Writes a typed Python module from lifecycles as the API tells of them."""
