"""Notices in words: what one may be about, the names of channels, and what may not go over which."""
