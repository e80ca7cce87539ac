"""What every case of the stories goes through on its way to a good end."""

from typing import Any

from tests.stories.front_door import Story

WHAT = {
    "part": "dsl-line",
    "when": "2026-03-01",
    "tried": "Three calls and two reboots of the modem.",
    "answered": "Somebody would come, at some time.",
    "not_enough": "Nobody said when, and nobody came.",
}
WHY = {
    "expectations": "No window was agreed.",
    "checked_in": "Nobody checked in during the work.",
    "answered_at_once": "After twenty minutes on hold.",
    "verified": "The line was not measured after the repair.",
    "over_promised": "The next morning was promised without asking dispatch.",
    "cause": "no window agreed",
}
DIFFERENT = {
    "process": "Dispatch confirms a window before it is promised.",
    "empowered": "The desk may book a technician by itself.",
    "right_people": "A technician reads along at the desk.",
}


def document(by: str, **changes: Any) -> dict[str, Any]:
    """The data of `case.document`: all three answers, but for the changes."""
    return {"what": WHAT, "why": WHY, "different": DIFFERENT, "by": by} | changes


def child(story: Story, case: str, what: str) -> dict[str, Any]:
    """The promise to ourselves of this name, such as ``daily_word-2``."""
    return story.subject(f"promise:{case.partition(':')[2]}-{what}")


def calm_and_planned(story: Story, case: str, by: str) -> None:
    """Acknowledged, calm, both halves planned and agreed: the case is being acted on. Nobody is told."""
    story.post("case.acknowledge", case, {"by": by, "understood": "The line is dead and nobody came."})
    story.post("case.calm", case, {"by": by})
    story.post("case.plan", case, {"fix": "A technician comes", "prevent": "Windows are confirmed", "by": by})
    story.post("case.agree", case, {"by": by})
    assert story.state(case) == "acting"
