"""What the page after a form says: by a word in a cookie that the page takes away, never by an address."""

from __future__ import annotations

from starlette.requests import Request

SUCCESS_COOKIE = "makegood-done"
WORDS = frozenset(
    {
        "signed_out", "welcome", "claimed", "empty", "lost", "undecided", "noted", "extended", "kept",
        "moved", "handed_over", "acted", "refused", "acknowledged", "decided", "session_ended",
        "sessions_ended", "settings_saved", "person_changed", "password_changed",
        "passkey_added", "passkey_removed",
    }
)  # fmt: skip
"""All that can be said; the template `done.html` has the sentences."""


def success_of(request: Request) -> str:
    """The word that this browser is to be told; empty where there is none."""
    word = request.cookies.get(SUCCESS_COOKIE, "")
    return word if word in WORDS else ""
