"""The id under which a webhook goes out: the notice's idempotency key, in characters that a header can carry.

Whoever gets the webhook knows the notice by this id alone, and reports on it so.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

_PLAIN = ":/-._~"


def webhook_id(key: str) -> str:
    """The ``webhook-id`` of the notice with this idempotency key."""
    return quote(key, safe=_PLAIN)


def keys_meant(said: str) -> tuple[str, ...]:
    """The idempotency keys that somebody may mean who says this: the text itself, and what it encodes.

    At most two. Both may be keys of notices (``a%2B`` is the id of ``a+``, and a key, too).
    """
    try:
        decoded = unquote(said, errors="strict")
    except UnicodeDecodeError:
        return (said,)
    return (said,) if decoded == said else (said, decoded)
