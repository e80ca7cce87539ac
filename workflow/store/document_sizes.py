"""How large the JSON documents are that decisions write: one that grows without end would stop its subject.

What is too large cannot be written, so its event or timer becomes a dead letter; the subject stays as it was.
"""

from __future__ import annotations

from typing import Any

import orjson

from workflow.errors import TooLarge

MOST_DATA = 4 * 1024 * 1024
"""Bytes of a subject's data."""
MOST_MESSAGE = 1024 * 1024
"""Bytes of what one effect carries."""


def data_text(value: Any) -> str:
    """A subject's data as JSON. Raises TooLarge."""
    return _text(value, MOST_DATA, "the subject's data")


def message_text(value: Any) -> str:
    """What an effect carries as JSON. Raises TooLarge."""
    return _text(value, MOST_MESSAGE, "what an effect carries")


def _text(value: Any, most: int, what: str) -> str:
    written = orjson.dumps(value)
    if len(written) > most:
        raise TooLarge(f"{what}: {len(written)} bytes, of at most {most}")
    return written.decode()
