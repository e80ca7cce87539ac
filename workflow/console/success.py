"""What the page after a form says: by a word in a cookie that the page takes away, never by an address."""

from __future__ import annotations

import re

from starlette.requests import Request

SUCCESS_COOKIE = "makegood-done"
WORDS = frozenset(
    {
        "signed_out", "welcome", "claimed", "empty", "lost", "undecided", "noted", "extended", "kept",
        "moved", "handed_over", "handed_over_there", "handed_over_away",
        "acted", "begun", "refused", "acknowledged", "decided", "session_ended",
        "sessions_ended", "settings_saved", "person_changed", "password_changed",
        "settled", "sent_again", "overridden", "taken_back", "rotation_set", "rotation_begun",
        "passkey_added", "passkey_removed", "bell_removed", "key_revoked", "resent", "still_to_be_sent",
        "examples_sent", "rehearsal_emptied",
    }
)  # fmt: skip
"""All that can be said; the template `done.html` has the sentences."""


_BATCH = re.compile(r"batch\.[0-9]{1,6}\.[0-9]{1,6}\.(yes|no)")


def batch_word(done: int, gone: int, *, left: bool) -> str:
    """What became of a batch: how many were done, how many were gone by then, whether some are left."""
    return f"batch.{done}.{gone}.{'yes' if left else 'no'}"


def success_of(request: Request) -> str:
    """The word that this browser is to be told; empty where there is none."""
    word = request.cookies.get(SUCCESS_COOKIE, "")
    return word if word in WORDS or _BATCH.fullmatch(word) else ""
