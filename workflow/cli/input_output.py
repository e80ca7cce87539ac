"""Standard input and output as whoever started us left them: closed, full, or of an encoding of their own."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What writing fails by where there is no room."""


def take_as_they_are() -> None:
    """Have closed input read as empty, and signs that an encoding lacks be written as `\\u2615`."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - it stays open
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def leave_unwritten() -> None:
    """Let go of what could not be written: Python would try again at the end, and say so in a trace."""
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it stays open
    os.dup2(sys.stdout.fileno(), 1)
