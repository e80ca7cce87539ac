"""`makegood demo`: a broken promise and its recovery, in compressed time."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from workflow.demo.errors import Interrupted
from workflow.demo.performance import perform
from workflow.settings import read_settings

_INTERRUPTED = 130
"""As a shell calls a program that ctrl-C has ended."""
_WIDTH = 160


def demo() -> None:
    """Play a broken promise and its recovery against the real system, an hour in six seconds.

    At a terminal everything stays up until ctrl-C. Without one the exit code tells: 0 only if the story
    ended as it should.
    """
    try:
        well = perform(read_settings(), _console(), stay=sys.stdin.isatty())
    except Interrupted:
        raise typer.Exit(_INTERRUPTED) from None
    if not well:
        raise typer.Exit(1)


def _console() -> Console:
    """A log file has no width of its own to wrap lines to."""
    wide = None if sys.stdout.isatty() else _WIDTH
    return Console(highlight=False, width=wide)
