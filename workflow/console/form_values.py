"""What a form holds, read: who sends it, by which id it is known when it comes twice, and instants."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from state_machines.errors import Problem
from state_machines.values.instants import localize, zone
from state_machines.values.time_errors import TimeError
from workflow.access.principal import Principal
from workflow.api.http.problems import Kind, Refusal
from workflow.errors import InvalidQuery

_ID = re.compile(r"[A-Za-z0-9_.~-]{1,100}")


def acting_person(holder: Principal) -> str:
    """The address of who acts: nobody types it. Raises Refusal (403) for a key that is nobody's own."""
    if holder.person is None:
        message = "what is done here is done by somebody: sign in, or use a key of a person's own"
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "person", message)
    return holder.person


def form_id(said: Mapping[str, str]) -> str:
    """By which the form is known when it is sent twice; a new one where it holds none of the right form."""
    given = said.get("id", "")
    return given if _ID.fullmatch(given) else secrets.token_hex(12)


def text_in(said: Mapping[str, str], name: str) -> str | None:
    """A text without what is around it; None where nothing was written."""
    return said.get(name, "").replace("\r\n", "\n").strip() or None


def instant_in(said: Mapping[str, str], name: str, zone_name: str) -> datetime | None:
    """An instant that was written by the clock of a zone (`2026-03-05T09:00`); None where nothing was.

    Raises InvalidQuery, naming the field, where it is none.
    """
    text = text_in(said, name)
    if text is None:
        return None
    try:
        return localize(datetime.fromisoformat(text), zone(zone_name))
    except (ValueError, TimeError):
        message = "must be a day and a time, such as 2026-03-05T09:00"
        raise InvalidQuery([Problem(name, "date-time", message)]) from None
