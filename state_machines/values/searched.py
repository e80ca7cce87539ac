"""What of a subject is searched, as data."""

from __future__ import annotations

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
    NO = "no"


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
