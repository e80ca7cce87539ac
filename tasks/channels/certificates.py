"""Whose certificates are trusted when something is sent."""

from __future__ import annotations

import ssl
from functools import cache

import certifi


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Made once a process: reading all certificates takes longer than most requests."""
    return ssl.create_default_context(cafile=certifi.where())
