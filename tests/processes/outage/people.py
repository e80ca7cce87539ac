"""Who takes part in the outage: customers, each with wishes of their own, and colleagues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

POWER, BILLING = "power", "billing"
INCIDENT_OWNER = {
    "name": "Ola Berg",
    "email": "ola.berg@grid.example",
    "phone": "+4930555010",
    "language": "de",
}
MANY = {"name": "Kim Lund", "email": "kim.lund@grid.example", "zone": "Europe/Berlin"}
"""Answers for four cases of ten."""
FEW = ("lee.ross@grid.example", {"name": "Mo Haas", "email": "mo.haas@grid.example", "language": "de"})
TEAM = ["nia.wolf@grid.example", "per.vik@grid.example"]
_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/St_Johns",
    "Africa/Lagos",
)
_LANGUAGES = ("en", "de", "de-AT", "fr", None)
_WORDS = (
    "No power",
    "Everything is dark",
    "My freezer thaws",
    "Kein Strom",
    "The street lights are out, too",
)
_EVENINGS = timedelta(hours=6)
_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer who reports something.

    Attributes:
        case: the id of their case.
        customer: as the report names them.
        known: what the book knew of them before, by key; None: nothing.
        report: the data of `case.open`.
    """

    case: str
    customer: Mapping[str, Any]
    known: Mapping[str, Any] | None
    report: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Key of their case."""
        return f"case:{self.case}"

    @property
    def is_of_the_outage(self) -> bool:
        """Whether the condition of the incident holds for it."""
        return bool(self.report["part"] == POWER)

    @property
    def way(self) -> str:
        """A channel over which they can be written to."""
        said = self.profile.get("channels") or [one for one in ("email", "social") if one in self.profile]
        return str(said[0])

    @property
    def profile(self) -> Mapping[str, Any]:
        """Addresses and wishes."""
        return self.known or self.customer


def callers(number: int, now: datetime) -> Sequence[Caller]:
    """So many different customers; the same ones for the same number, but for when it is night to them."""
    return [_caller(one, now) for one in range(number)]


def _caller(number: int, now: datetime) -> Caller:
    where = _ZONES[number % len(_ZONES)]
    profile: dict[str, Any] = {"name": f"Customer {number}", "zone": where, **_ways(number)}
    if (language := _LANGUAGES[number % len(_LANGUAGES)]) is not None:
        profile["language"] = language
    if number % 25 == 7:  # it is night to them, and long after this is over
        profile["quiet_hours"] = [_hours(now - timedelta(hours=1), now + _EVENINGS, where)]
    elif number % 25 == 18:  # their night ends a moment from now
        profile["quiet_hours"] = [_hours(now - timedelta(hours=1), now + 2 * _MOMENT, where)]
    is_known = number % 3 == 0
    known = profile if is_known else None
    customer = {"key": f"customer:c-{number}", "name": profile["name"]} if is_known else profile
    report: dict[str, Any] = {
        "customer": customer,
        "words": _WORDS[number % len(_WORDS)],
        "channel": ("phone", "email", "chat")[number % 3],
        "part": BILLING if number % 20 == 13 else POWER,
        **_owner(number),
    }
    return Caller(f"c-{number}", customer, known, report)


def _ways(number: int) -> dict[str, Any]:
    mail, phone = f"c{number}@mail.example", f"+4930{5_000_000 + number}"
    if number % 10 < 5:
        return {"email": mail}
    if number % 10 < 7:
        return {"phone": phone, "channels": ["sms"]}
    if number % 10 == 7:
        return {"chat": f"@c{number}", "email": mail, "channels": ["chat"]}
    if number % 10 == 8:
        return {"social": f"@c{number}"}
    return {"email": mail, "phone": phone, "channels": ["sms", "email"], "caps": {"per": "P1D", "most": 5}}


def _owner(number: int) -> dict[str, Any]:
    """Who answers for it: one for many, a few, one of a team, and the desk where nobody does."""
    turn = number % 20
    if turn < 8:
        return {"owner": MANY}
    if turn < 14:
        return {"owner": FEW[turn % 2]}
    if turn < 17:
        return {"owner": TEAM[turn % 2], "team": "north", "ladder": [{"team": "north", "within": "PT15M"}]}
    return {}


def _hours(begin: datetime, end: datetime, where: str) -> str:
    """Two instants as a block of a day by the clock of a zone."""
    return "-".join(f"{one.astimezone(ZoneInfo(where)):%H:%M}" for one in (begin, end))
