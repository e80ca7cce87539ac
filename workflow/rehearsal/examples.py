"""What a rehearsal can be begun with, so that there is something to look at: customers, cases and a promise.

They are events like any others, and go through the same door. Their times count from when they are sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from state_machines.values.instants import format_instant
from workflow.engine.cloudevent import CloudEvent

SOURCE = "/rehearsal/examples"
_OWNER = "olga@shop.example"
_CUSTOMERS: dict[str, dict[str, Any]] = {
    "example-ada": {
        "name": "Ada Example", "email": "ada@customers.example", "zone": "Europe/Berlin", "language": "de",
        "channels": ["email"],
    },
    "example-bo": {
        "name": "Bo Example", "phone": "+44 20 7946 0000", "zone": "Europe/London", "language": "en",
        "channels": ["sms"],
    },
}  # fmt: skip
_LADDER = [{"people": ["lea@shop.example"], "within": "PT1H"}]


def examples(now: datetime) -> Iterator[CloudEvent]:
    """The events, in the order in which they are to be decided. Each has one id a day."""
    day = f"{now:%Y%m%d}"
    for name, known in _CUSTOMERS.items():
        yield _event("customer.known", f"customer:{name}", known, now)
        case = {
            "customer": {"key": f"customer:{name}", **known}, "owner": _OWNER, "ladder": _LADDER,
            "channel": "phone", "words": "It was to be repaired on Tuesday, and nobody came.",
        }  # fmt: skip
        yield _event("case.open", f"case:{name}-{day}", case, now)
    promise = {
        "words": "We call back within five minutes", "owner": _OWNER, "ladder": _LADDER,
        "customer": {"key": "customer:example-ada", **_CUSTOMERS["example-ada"]},
        "due_at": format_instant(now + timedelta(minutes=5)),
    }  # fmt: skip
    yield _event("promise.make", f"promise:example-{day}", promise, now)


def _event(kind: str, subject: str, data: dict[str, Any], now: datetime) -> CloudEvent:
    return CloudEvent(f"{subject}/{now:%Y%m%d}", SOURCE, kind, subject, now, data)
