"""Scenarios out of what really happened: a subject's ledger, or a log through a map."""
