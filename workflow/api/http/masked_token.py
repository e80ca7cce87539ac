"""A form's token as a page shows it: another text each time.

Pages are compressed, and some show what their address says. Whoever sees only how long they are, and can have
somebody open addresses of their choosing, could guess a text that stands in all of them, letter by letter
(BREACH). So none does.
"""

from __future__ import annotations

import secrets


def masked(token: str) -> str:
    """The token behind a new mask, as hexadecimal digits; what is empty stays so."""
    plain = token.encode()
    mask = secrets.token_bytes(len(plain))
    return (mask + _xor(mask, plain)).hex()


def unmasked(said: str) -> str:
    """The token that was masked; empty for what is none."""
    try:
        found = bytes.fromhex(said)
        half = len(found) // 2
        return _xor(found[:half], found[half:]).decode() if len(found) == 2 * half else ""
    except ValueError:
        return ""


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
