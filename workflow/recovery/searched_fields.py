"""As what fields of the catalog are searched whose definitions, of whatever version, do not say it."""

from __future__ import annotations

from collections.abc import Mapping

from state_machines.definitions.searching import SEARCHED
from state_machines.values.searched import SearchedAs

_LEFT_OUT = (
    # which colleague did it, or would be asked
    "by", "desk", "former_owner", "taken_from", "assigned_to", "lead", "ladder", "approvers",
    # how somebody is reached, and when
    "channel", "channels", "network", "language", "zone", "window", "quiet_hours", "hours", "calendar",
    "opted_out", "consent", "caps", "resting",
)  # fmt: skip
"""Of any lifecycle: nobody looks for a customer by these."""

_NO = SearchedAs.NO
_FIELDS: Mapping[str, Mapping[str, SearchedAs]] = {
    "appointment": {
        "window__to": SearchedAs.DUE,
        "risk": SearchedAs.RISK,
        "told": _NO,
        "call_outcome": _NO,
    },
    "approval": {"role": _NO},
    "callback": {"claimed_by": SearchedAs.OWNER, "about": _NO, "dial": _NO},
    "case": {"came_from": _NO, "asked": _NO, "hand_overs": _NO},
    "customer": {
        "told": _NO,
        "own_told": _NO,
        "consents": _NO,
        "word_for_all": _NO,
        "because": _NO,
        "handed_back": _NO,
        "missed": _NO,
    },
    "delivery": {"about": _NO, "outcome": _NO, "effect": _NO},
    "escalation": {"acknowledged_by": SearchedAs.OWNER, "about": _NO, "told": _NO},
    "identity": {"released": _NO},
    "policy": {"grants": _NO},
    "promise": {"warned": SearchedAs.RISK, "kind": _NO},
    "rotation": {"schedule": _NO, "begun": _NO, "ended": _NO},
}
"""By lifecycle; ``a__b`` is the field b of the object a."""


def register() -> None:
    """Register them; a second time changes nothing."""
    SEARCHED.leave_out(*_LEFT_OUT)
    SEARCHED.known_by(sms=SearchedAs.PHONE, social=SearchedAs.ACCOUNT, chat=SearchedAs.ACCOUNT)
    for lifecycle, fields in _FIELDS.items():
        SEARCHED.register(lifecycle, **fields)
