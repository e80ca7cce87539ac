"""Why a database that answers has not written, in words that quote nothing of what it holds."""

from __future__ import annotations

_WORDS = {
    "SQLITE_FULL": "it takes no writes: its disk is full",
    "53100": "it takes no writes: its disk is full",
    "SQLITE_READONLY": "it takes no writes: it is read only",
    "25006": "it takes no writes: it is read only",
    "SQLITE_IOERR": "its disk is full, or fails",
    "58030": "its disk fails",
}
"""By SQLSTATE, and by the first words of SQLite's names, which say more behind them (SQLITE_IOERR_WRITE).
Where its file of shared memory has no room, SQLite says no more than that the disk fails.

Sources: PostgreSQL 18, appendix A; SQLite, "Result and Error Codes".
"""


def why_not_written(code: str | None) -> str | None:
    """What this code of an error means, None where it says nothing of that."""
    return next((words for known, words in _WORDS.items() if (code or "").startswith(known)), None)
