"""What of a subject is searched, as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class SearchedAs(StrEnum):
    """As what a field of a subject is searched. The first five are texts by which it is found."""

    NAME = "name"
    ACCOUNT = "account"
    EMAIL = "email"
    PHONE = "phone"
    WORDS = "words"
    OWNER = "owner"
    TEAM = "team"
    DUE = "due"
    RISK = "risk"
    NO = "never"


SEARCHED_AS: Mapping[str, str] = {
    "name": "A name: found by all its words, by beginnings and with a letter wrong.",
    "account": "What tells it from all others: an account, a serial number. Signs in it do not matter.",
    "email": "An e-mail address.",
    "phone": "A telephone number, however it is written; found by its last digits, too.",
    "words": "What people have written.",
    "owner": "Who answers for it; subjects are chosen by it.",
    "team": "Whose it is; subjects are chosen by it.",
    "due": "The instant at which it is due; subjects are chosen by it.",
    "risk": "Whether it may not be done in time: where this is there, and not false.",
    "never": "It is not searched.",
}
"""What each of them means."""

TEXTS = (SearchedAs.ACCOUNT, SearchedAs.PHONE, SearchedAs.EMAIL, SearchedAs.NAME, SearchedAs.WORDS)
"""Those by which a subject is found, those first that tell it from all others."""


class Said(NamedTuple):
    """One text by which a subject is found, as it is written, and what it is."""

    kind: SearchedAs
    text: str


class Standing(NamedTuple):
    """By what subjects are chosen, besides their texts.

    Attributes:
        owner: who answers for it: an address or a name, in small letters.
        team: whose it is.
        due_at: when it is due, UTC.
        at_risk: whether it says itself that it may not be done in time.
    """

    owner: str | None = None
    team: str | None = None
    due_at: datetime | None = None
    at_risk: bool = False
