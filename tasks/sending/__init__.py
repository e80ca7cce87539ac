"""Notices on their way out: claimed, sent over a channel, settled."""
