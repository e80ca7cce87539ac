"""What the barometer knows of one subject, as data."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Figures(NamedTuple):
    """What the barometer knows of one subject.

    Attributes:
        at: the instant by which a period counts it, UTC.
        outcome: how it stands, in one word, such as ``kept``.
        kind, team, cause, part, channel, case: what it is grouped by; `case` is the key of its case.
        minutes: whole minutes from its opening until it was settled; None while it is not.
        number: what the lifecycle counts (`count`), such as hand-overs.
    """

    at: datetime
    outcome: str
    kind: str | None = None
    team: str | None = None
    cause: str | None = None
    part: str | None = None
    channel: str | None = None
    case: str | None = None
    minutes: int | None = None
    number: int | None = None
