"""The command `makegood`: one file a command, loaded when it is asked for."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> None:
    """Run a command. What goes wrong on purpose is said in words on standard error, with exit code 1."""
    from workflow.cli.commands import app
    from workflow.cli.input_output import FULL, leave_unwritten, take_as_they_are

    take_as_they_are()
    try:
        app()
    except Exception as error:
        from workflow.cli.failures import words_of  # knows every kind of error, so it loads what raises them

        if isinstance(error, OSError) and error.filename is None and error.errno in FULL:
            leave_unwritten()
        words = words_of(error)
        if words is None:
            raise
        _end(words)


def _end(message: str) -> NoReturn:
    print(f"makegood: {message}", file=sys.stderr)
    sys.exit(1)
