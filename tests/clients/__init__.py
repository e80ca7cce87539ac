"""Clients as others use them, from their own packages, against a running `makegood api`."""
