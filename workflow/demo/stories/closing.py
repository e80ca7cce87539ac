"""The last steps of every case that is performed: it works, it is written down, the case closes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from workflow.demo.script import Asks, Follows, Says, Step, Told, Until

_HOUR = timedelta(hours=1)
PACE = {"check_in": "PT2H", "close": "PT3H"}
"""What a case must be opened with for its last steps to come in time."""


def closing(by: str, part: str, cause: str) -> tuple[Step, ...]:
    """From a delivery to the end. `part` and `cause` are those under which the alert is found."""
    return (
        *asked(
            "Two hours later the customer is asked whether it works, and says so by a link",
            "Three questions: do we care, can we help, can you trust us?",
            {"care": "5", "help": "4", "trust": "4"},
        ),
        Step(
            "What happened, why, and what we do differently: only all three make a document",
            after=_HOUR / 2,
            does=(Says("case", "document", _answers(by, part, cause)),),
        ),
        Step(
            "The service alert is written from the ledger, and found by part and cause",
            until=Until("case", "documented", {"alert": 1}),
            does=(Asks(_search(part, cause), lambda said: len(said["items"]) == 1),),
        ),
        Step("Three quiet hours later the case closes", until=Until("case", "closed"), within=4 * _HOUR),
    )


def asked(checked: str, surveyed: str, answers: Mapping[str, str]) -> tuple[Step, ...]:
    """After a delivery the customer is asked whether it works, and then the three questions.

    Args:
        checked, surveyed: what is told when they answer.
        answers: to the questions.
    """
    return (
        Step(
            checked,
            until=Until("case", "delivered"),
            after=2.5 * _HOUR,
            does=(Follows("check_in", {"choice": "0", "ok": "yes"}),),
        ),
        Step(surveyed, until=Until("case", "verified"), does=(Follows("survey", answers),)),
    )


def closing_notices(customer: str, channel: str, took_part: tuple[str, ...]) -> tuple[Told, ...]:
    """Whom these steps tell: the customer over their channel, and everyone who took part how it ended."""
    asked = (Told("check_in", channel, customer), Told("survey", channel, customer))
    return (*asked, *(Told("ended", "email", person) for person in took_part))


def _search(part: str, cause: str) -> str:
    return f"/v1/alerts?part={quote(part)}&cause={quote(cause)}"


def _answers(by: str, part: str, cause: str) -> dict[str, object]:
    return {
        "what": {
            "part": part,
            "when": "this week",
            "tried": "more than once",
            "answered": "that nothing could be done",
            "not_enough": "something could be done",
        },
        "why": {
            "expectations": "none were agreed",
            "checked_in": "no",
            "answered_at_once": "no",
            "verified": "no",
            "over_promised": "no",
            "cause": cause,
        },
        "different": {
            "process": "it stands in the book, and the book is searched first",
            "empowered": "the desk may do it by itself",
            "right_people": "yes, once they knew",
        },
        "by": by,
    }
