"""Instants, durations and JSON values: parsed, checked and written."""
