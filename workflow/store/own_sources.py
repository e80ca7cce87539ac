"""The sources of makegood's own events, and as what kind of sender each speaks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from state_machines.definitions.senders import DESK, FAMILY, LINK, OUTSIDE, REPORT, TASK, TIMER

TIMER_SOURCE = "/makegood/timers"
SUBJECT_SOURCE = "/makegood"
"""The source of events that subjects send each other."""
MIGRATION_SOURCE = "/makegood/migration"
"""The source of events by which subjects are moved to another version of their lifecycle."""
ASIDE_SOURCE = "/makegood/asides"
"""The source of words between colleagues about a subject."""
BELL_SOURCE = "/makegood/bells"
"""The source of what bells in browsers hear."""

OWN_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        SUBJECT_SOURCE: FAMILY,
        TIMER_SOURCE: TIMER,
        "/makegood/receipts": TASK,
        "/makegood/sweep": FAMILY,
        MIGRATION_SOURCE: FAMILY,
        ASIDE_SOURCE: FAMILY,
        BELL_SOURCE: FAMILY,
        "/makegood/live": FAMILY,
        "/makegood/sending": FAMILY,
        "/makegood/desk": DESK,
        "/makegood/links": LINK,
        "/makegood/reports": REPORT,
    }
)
"""By source, the kind of sender that `from` names. A sender outside that used one could take the id of a
later event of ours, which would then be dropped as a duplicate, and would speak with our voice."""


_SENDERS = dict(OWN_SOURCES)


def lies_within_ours(source: str) -> bool:
    """Whether it is, or will be, a source of our own events: all below ``/makegood`` are kept for them."""
    return source == SUBJECT_SOURCE or source.startswith(f"{SUBJECT_SOURCE}/")


def sender_of(source: str) -> str:
    """What kind of sender an event of this source comes from."""
    return _SENDERS.get(source, OUTSIDE)
