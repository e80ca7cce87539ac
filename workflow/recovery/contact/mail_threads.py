"""How a mail of ours says which case it is about, so that its answer finds back to it.

A notice about a case names the case's thread under `References` (RFC 5322, 3.6.4): mail programs show the
mails of one case as one conversation, and hand the name on with every answer. An address with a tag says the
same: ``care+C-9-1@shop.example``. Neither is a secret and neither is believed by itself: what a customer
writes belongs to a case that is theirs and open, or to the one that they wrote about last.
"""

from __future__ import annotations

import base64
import binascii
import re

from state_machines.subject import is_key

_LIFECYCLE = "case"
_BEGINS = "thread."
_THREAD = re.compile(r"<thread\.([a-z2-7]{1,400})@[^<>\s]{1,255}>", re.IGNORECASE)
_TAG = re.compile(r"[^\s@+]{1,64}\+([^\s@]{1,200})@[^\s@]{1,255}")


def thread_of_case(key: str, domain: str) -> str:
    """The name of a case's thread, in angle brackets: the same for the same case."""
    text = base64.b32encode(key.encode()).decode().rstrip("=").lower()
    return f"<{_BEGINS}{text}@{domain}>"


def case_of_thread(reference: str) -> str:
    """The key of the case whose thread that is; empty where it is none of ours."""
    found = _THREAD.fullmatch(reference)
    if found is None:
        return ""
    text = found[1].upper()
    try:
        key = base64.b32decode(text + "=" * (-len(text) % 8)).decode()
    except (binascii.Error, ValueError):
        return ""
    return key if key.startswith(f"{_LIFECYCLE}:") and is_key(key) else ""


def case_of_address(address: str) -> str:
    """The key of the case that the tag of an address names; empty where it has none."""
    found = _TAG.fullmatch(address)
    if found is None:
        return ""
    key = f"{_LIFECYCLE}:{found[1]}"
    return key if is_key(key) else ""
