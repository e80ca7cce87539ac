"""Scenarios: stories told in YAML, played through the real engine on a virtual clock."""
