"""The team that a subject is with: who follows the ledger of a team finds its decisions by it."""

from __future__ import annotations

from state_machines.subject import Subject

LONGEST = 200
"""Characters of a team's name; what is longer names none."""


def team_of(subject: Subject) -> str | None:
    """What its data call `team`; None where they name none."""
    team = subject.data.get("team")
    return team if isinstance(team, str) and 0 < len(team) <= LONGEST else None
