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

from workflow.recovery.contact.mail_addresses import mail_address
from workflow.recovery.contact.numbers import read_number

IMPLIED = ("account", "email", "phone", "social")
"""Particulars that are identities by themselves; the field's name is the kind."""
_REACHING = frozenset({"email", "phone", "social", "chat", "url", "address"})
"""Kinds that only reach somebody, if a source does not say otherwise: couples and offices share them."""
_ACCOUNT = "account"
_KINDS = {
    **dict.fromkeys(
        ("telephone", "tel", "mobile", "cell", "cellphone", "landline", "fax", "msisdn"), "phone"
    ),
    **dict.fromkeys(("sms", "whatsapp", "signal", "telefon", "handy"), "phone"),
    **dict.fromkeys(("e-mail", "mail", "mailto"), "email"),
}
"""Other names for them: a number is a number, whoever lists it and for what."""
_NOBODY = frozenset(
    (
        "n/a",
        "na",
        "n.a.",
        "none",
        "null",
        "nil",
        "nan",
        "undefined",
        "unknown",
        "unbekannt",
        "anonymous",
        "keine",
        "tbd",
        "guest",
        "gast",
        "test",
        "dummy",
        "private",
        "withheld",
        "notavailable",
        "notprovided",
        "-1",
    )
)
"""What stands in a field that had to be filled."""

_LENGTH = 32
"""Hexadecimal digits: 128 bits, so that no two of a billion identities ever meet."""


def spelling(kind: str, value: str) -> str:
    """The one spelling of an identity of this kind; empty where the value is none.

    E-mail addresses by what they are (see `mail_addresses`); telephone numbers too (see `numbers`), one with
    an extension apart from the one without; everything else without a leading ``@``, case and blanks. What is
    written where there is none (`n/a`, `-`, `000`) is none.
    """
    if kind == "phone":
        return str(read_number(value) or "")
    if kind == "email":
        return mail_address(value)
    text = unicodedata.normalize("NFKC", value).strip()
    folded = "".join(text.split()).casefold().removeprefix("@")
    says_something = any(sign.isalnum() and sign != "0" for sign in folded) and folded not in _NOBODY
    return folded if says_something else ""


def fingerprint(kind: str, value: str) -> str:
    """``fingerprint('phone', '+49 (0)30 1234')``: the same for every spelling of it; empty for no value."""
    name = _kind(kind)
    spelt = spelling(name, value)
    return digest(name, spelt) if name and spelt else ""


def digest(kind: str, text: str) -> str:
    """The same short text for the same text of this kind, as it is spelt."""
    return hashlib.sha256(f"{kind}\0{text}".encode()).hexdigest()[:_LENGTH]


def identities(particulars: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``identities(particulars)``: each once, as ``{kind, key, identifies}`` with the key of its subject.

    Those that `particulars` lists under ``identities`` as ``{kind, value}``, and those that they imply.
    Whatever is no identity is left out. It identifies whoever has it, or only reaches them: as the entry says
    by ``identifies``, or else by its kind.
    """
    found: dict[str, dict[str, Any]] = {}
    for kind, value, identifies in (*_listed(particulars.get("identities")), *_implied(particulars)):
        mark, name = fingerprint(kind, value), _kind(kind)
        if mark:
            told = name not in _REACHING if identifies is None else identifies
            one = found.setdefault(mark, {"kind": name, "key": f"identity:{mark}", "identifies": told})
            one["identifies"] = one["identifies"] or told
    return list(found.values())


def accounts(known_by: Iterable[Any]) -> list[dict[str, Any]]:
    """``accounts(identities)``: those of which a person has one in each book that keeps them.

    They are of the kind ``account``, or ``account/<book>`` where several books have numbers of their own.
    """
    return [
        {"kind": one["kind"], "key": one["key"]}
        for one in known_by
        if one.get("identifies") and one["kind"].partition("/")[0] == _ACCOUNT
    ]


def contradicts(mine: Iterable[Any], theirs: Iterable[Any]) -> bool:
    """``contradicts(accounts, accounts)``: whether some book has two accounts for them, one for each.

    Who has all accounts of the other one in a book, and more, contradicts nobody.
    """
    one, other = _by_kind(mine), _by_kind(theirs)
    return any(one[kind] - other[kind] and other[kind] - one[kind] for kind in one.keys() & other.keys())


def gathered(members: Iterable[Any], name: str) -> list[Any]:
    """``gathered(members, 'cases')``: all that stands in the list of this name of each of them, in order."""
    return [value for one in members if isinstance(one.get(name), list) for value in one[name]]


def likeness(one: str, other: str) -> str:
    """``likeness(customer, customer)``: key of what is known of whether two are one, either way round."""
    pair = "\0".join(sorted((one, other)))
    return f"likeness:{hashlib.sha256(pair.encode()).hexdigest()[:_LENGTH]}"


def _kind(said: str) -> str:
    folded = said.strip().casefold()
    return _KINDS.get(folded, folded)


def _by_kind(known_by: Iterable[Any]) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    for one in known_by:
        keys.setdefault(one["kind"], set()).add(one["key"])
    return keys


def _listed(listed: Any) -> Iterable[tuple[str, str, bool | None]]:
    for one in listed if isinstance(listed, list) else ():
        said = one if isinstance(one, Mapping) else {}
        kind, value, identifies = said.get("kind"), said.get("value"), said.get("identifies")
        if isinstance(kind, str) and isinstance(value, str):
            yield kind, value, identifies if isinstance(identifies, bool) else None


def _implied(particulars: Mapping[str, Any]) -> Iterable[tuple[str, str, None]]:
    for kind in IMPLIED:
        value = particulars.get(kind)
        if isinstance(value, str):
            yield kind, value, None
