"""A service alert as data: what a record of the ledger says, in the order in which a reader asks.

Times are texts in the customer's zone, since this is a document; instants stand in the ledger. Addresses
stay out of it: people are told by name, the customer by name and account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

from workflow.recovery.archive.people import person
from workflow.recovery.archive.record import Record, Told
from workflow.recovery.archive.timeline import timeline
from workflow.recovery.packet.local_time import local_text, zone_of

_QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "what": {
        "part": "Which part of the service",
        "when": "When",
        "tried": "How the customer tried to settle it",
        "answered": "What we answered",
        "not_enough": "Why that was not enough",
    },
    "why": {
        "expectations": "Were expectations agreed",
        "checked_in": "Did we check in",
        "answered_at_once": "Did we answer at once",
        "verified": "Did we verify",
        "over_promised": "Did we promise too much",
        "cause": "The cause",
    },
    "different": {
        "process": "Which process changes",
        "empowered": "Are people empowered",
        "right_people": "Are the right people in the right place",
    },
    "plan": {"fix": "What fixes this", "prevent": "What fixes that it could happen"},
}
"""What a case answers, and how its questions read."""
_TITLE = 90
MOST = 500
"""Entries of a list that stand in a document; the ledger has all."""
_FIRST = 100
"""Of them the first ones of a longer list; the others are the last."""

Document = dict[str, Any]


def document(found: Record, version: int) -> Document:
    """The document; what the case does not know is left out."""
    case = found.case
    data = case.data
    local = cache(partial(local_text, where=zone_of(data.get("customer"))))  # many happened at one instant
    return _shortened({
        "case": case.key,
        "version": version,
        "title": title(data),
        "part": part(data),
        "causes": causes(data),
        "customer": _customer(data.get("customer")),
        "owner": person(data.get("owner")),
        "team": data.get("team"),
        "channel": data.get("channel"),
        "opened": local(case.opened_at),
        "documented": local(found.at),
        "took": _days(case.opened_at, found.at),
        "words": data.get("words"),
        "understood": data.get("understood"),
        **{name: _answers(data.get(name), questions) for name, questions in _QUESTIONS.items()},
        "steps": _rows(data.get("steps"), local, ("step", "result", "by", "at")),
        "promises": [_promise(one, local) for one in found.others if one.lifecycle == "promise"],
        "others": [_other(one, local) for one in found.others if one.lifecycle != "promise"],
        "hand_overs": _rows(data.get("hand_overs"), local, ("from", "to", "by", "reason", "at")),
        "grants": _rows(data.get("grants"), local, ("outcome", "what", "amount", "policy", "by", "at")),
        "displeasures": _rows(data.get("displeasures"), local, ("policy", "words", "at")),
        "check_ins": _rows(data.get("check_ins"), local, ("ok", "words", "at")),
        "surveys": _rows(data.get("surveys"), local, ("care", "help", "trust", "words", "at")),
        "thanks": _rows(data.get("thanks"), local, ("words", "at")),
        "participants": _people(found),
        "notices": [
            {
                "at": local(one.at),
                "channel": one.channel,
                "about": one.about,
                "title": one.title,
                "state": one.state,
            }
            for one in found.notices
        ],
        "timeline": timeline(found, local),
    })  # fmt: skip


def _shortened(document: Document) -> Document:
    """The same with the beginning and the end of each list that is too long; `left_out` says how much."""
    left_out: dict[str, int] = {}
    for name, rows in document.items():
        if isinstance(rows, list) and len(rows) > MOST:
            document[name] = [*rows[:_FIRST], *rows[_FIRST - MOST :]]
            left_out[name] = len(rows) - MOST
    return {**document, "left_out": left_out}


def title(data: Mapping[str, Any]) -> str:
    """How it is listed: the part it was about, and the beginning of the customer's words."""
    words = " ".join(str(data.get("words") or "").split())
    about = part(data)
    said = f"{about}: {words}" if about and words else about or words or "A case"
    return said if len(said) <= _TITLE else said[: _TITLE - 1].rsplit(" ", 1)[0] + "…"


def part(data: Mapping[str, Any]) -> str | None:
    """The part of the service that it was about, as it was documented, else as it was first said."""
    found = _texts(data.get("what")).get("part") or data.get("part")
    return found if isinstance(found, str) else None


def causes(data: Mapping[str, Any]) -> list[str]:
    """What made it happen, the documented cause first."""
    known = [_texts(data.get("why")).get("cause"), data.get("cause"), *(data.get("causes") or [])]
    return list(dict.fromkeys(one for one in known if isinstance(one, str) and one))


def _texts(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _answers(value: Any, questions: Mapping[str, str]) -> list[dict[str, str]]:
    given = _texts(value)
    return [
        {"question": question, "answer": str(given[name])}
        for name, question in questions.items()
        if given.get(name) not in (None, "")
    ]


def _customer(value: Any) -> dict[str, str | None]:
    account = _texts(value).get("account")
    return {"name": person(value), "account": str(account) if account else None}


def _rows(value: Any, local: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows that a case keeps, with instants as the customer reads them and people by name."""
    rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
    return [{name: _cell(name, row.get(name), local) for name in names} for row in rows]


def _cell(name: str, value: Any, local: Any) -> Any:
    if name == "at":
        return local(value) if isinstance(value, str) else None
    if name in ("by", "from", "to"):
        return person(value)
    return value if isinstance(value, str | int | float | bool) else None


def _promise(one: Told, local: Any) -> dict[str, Any]:
    data = one.data
    return {
        "promise": one.key,
        "words": data.get("words"),
        "owner": person(data.get("owner")),
        "to_customer": data.get("customer") is not None,
        "due": local(data.get("due_at")),
        "state": one.state,
        "late": data.get("lapsed_at") is not None,
        "lapsed": local(data.get("lapsed_at")),
        "kept": local(data.get("kept_at")),
        "renegotiated": len(data.get("renegotiations") or []),
        "reason": data.get("reason"),
    }


def _other(one: Told, local: Any) -> dict[str, Any]:
    data = one.data
    said = next((data[name] for name in ("title", "words", "what", "about") if data.get(name)), None)
    return {
        "subject": one.key,
        "lifecycle": one.lifecycle,
        "state": one.state,
        "words": said if isinstance(said, str) else None,
        "opened": local(one.opened_at),
        "until": local(one.changed_at),
        "tries": len(data.get("tries") or []) or None,
        "climbed": len(data.get("told") or []) or None,
    }


def _people(found: Record) -> list[str]:
    """Everyone who took part in any of it, by name, in the order in which they came."""
    known: Iterable[Any] = (
        who
        for one in (found.case, *found.others)
        for who in [one.data.get("owner"), *(one.data.get("participants") or [])]
    )
    named = (person(who) for who in known)
    return list(dict.fromkeys(name for name in named if name))


def _days(since: datetime, until: datetime) -> str:
    """``2 days, 3 hours``, or minutes where it took less than an hour."""
    minutes = int((until - since).total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "day"), (hours, "hour")] if minutes >= 60 else [(minutes, "minute")]
    said = [f"{number} {word}{'' if number == 1 else 's'}" for number, word in parts if number]
    return ", ".join(said) or "no time"
