"""By what a customer is known to several sources, in one spelling, and without saying who it is.

The CRM knows an account number, the shop an e-mail address, the social listener a handle, the telephone
system a number, each spelt its own way. `fingerprint` gives the same short text for the same identity, fit
for a subject's key: no address can be read off it. (It is a pseudonym and not a secret: who knows a number
can compute its fingerprint.)
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from workflow.recovery.contact.numbers import read_number

IMPLIED = ("account", "email", "phone", "social")
"""Particulars that are identities by themselves; the field's name is the kind."""

_LENGTH = 32
"""Hexadecimal digits: 128 bits, so that no two of a billion identities ever meet."""


def spelling(kind: str, value: str) -> str:
    """The one spelling of an identity of this kind; empty where the value is none.

    E-mail addresses without regard to case; telephone numbers by what they are (see `numbers`), one with an
    extension apart from the one without; everything else without a leading ``@``, case and blanks.
    """
    if kind == "phone":
        return str(read_number(value) or "")
    text = unicodedata.normalize("NFKC", value).strip()
    folded = "".join(text.split()).casefold()
    return folded.removeprefix("mailto:") if kind == "email" else folded.removeprefix("@")


def fingerprint(kind: str, value: str) -> str:
    """``fingerprint('phone', '+49 (0)30 1234')``: the same for every spelling of it; empty for no value."""
    folded_kind, spelt = kind.strip().casefold(), spelling(kind.strip().casefold(), value)
    if not folded_kind or not spelt:
        return ""
    return hashlib.sha256(f"{folded_kind}\0{spelt}".encode()).hexdigest()[:_LENGTH]


def identities(particulars: Mapping[str, Any]) -> list[dict[str, str]]:
    """``identities(particulars)``: each once, as ``{kind, key}`` with the key of its subject.

    Those that `particulars` lists under ``identities`` as ``{kind, value}``, and those that they imply.
    Whatever is no identity is left out.
    """
    found: dict[str, dict[str, str]] = {}
    for kind, value in (*_listed(particulars.get("identities")), *_implied(particulars)):
        mark = fingerprint(kind, value)
        if mark:
            found.setdefault(mark, {"kind": kind.strip().casefold(), "key": f"identity:{mark}"})
    return list(found.values())


def _listed(listed: Any) -> Iterable[tuple[str, str]]:
    for one in listed if isinstance(listed, list) else ():
        kind, value = (one.get("kind"), one.get("value")) if isinstance(one, Mapping) else (None, None)
        if isinstance(kind, str) and isinstance(value, str):
            yield kind, value


def _implied(particulars: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for kind in IMPLIED:
        value = particulars.get(kind)
        if isinstance(value, str):
            yield kind, value
