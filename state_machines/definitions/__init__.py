"""Definitions compiled to lifecycles: load, data rules, transitions, and the machine of each version."""
