"""Whether two persons are one, however they are written."""

import re
from collections.abc import Mapping
from typing import Any

from workflow.recovery.contact.channels import address_fields
from workflow.recovery.contact.identities import spelling

_TELLING = ("key", "account")
"""What tells people apart before any address does."""
_NUMBER = re.compile(r"(tel:)?\s*[+(\d]")
"""How a text begins that can be a number."""


def same_person(one: Any, other: Any) -> bool:
    """``same_person(one, other)``: whether both are one, by an address in any spelling, or else by name.

    The first address that both have decides. Where they have none in common, as where only one of them has
    any, the name does. Who is written alike is one, and nobody is the same as nobody.
    """
    if one == other:
        return bool(one.strip() if isinstance(one, str) else one)
    mine, theirs = _said_of(one), _said_of(other)
    for kind in (*_TELLING, *address_fields(), "name"):
        if kind in mine and kind in theirs:
            return mine[kind] == theirs[kind]
    return False


def _said_of(who: Any) -> dict[str, str]:
    """What is said of them, each in its one spelling. A text is an address of mail, a number or a name."""
    if isinstance(who, str):
        who = {_kind_of(who.strip()): who}
    if not isinstance(who, Mapping):
        return {}
    said = {
        kind: spelling(kind, who[kind])
        for kind in (*_TELLING, *address_fields(), "name")
        if isinstance(who.get(kind), str)
    }
    return {kind: spelt for kind, spelt in said.items() if spelt}


def _kind_of(text: str) -> str:
    if "@" in text:
        return "email"
    return "phone" if _NUMBER.match(text) and spelling("phone", text) else "name"
