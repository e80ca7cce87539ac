"""A case as small as the archive needs it: opened, promised about, handed over, documented, reopened."""

from pathlib import Path

CASE = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")

DOCUMENTED = {
    "what": {
        "part": "modem",
        "when": "Monday morning",
        "tried": "called the hotline twice",
        "answered": "reboot it once more",
        "not_enough": "nobody looked at the line",
    },
    "why": {
        "expectations": "no window was agreed",
        "checked_in": "no",
        "answered_at_once": "after two days",
        "verified": "no",
        "over_promised": "yes, a technician at once",
        "cause": "dispatch",
    },
    "different": {
        "process": "A delay of dispatch is told before the window opens",
        "empowered": "the desk may move appointments",
        "right_people": "one owner for a case",
    },
    "by": "Anna",
}
