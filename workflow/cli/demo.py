"""`makegood demo`: a story of service recovery, in compressed time."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from workflow.demo.errors import Interrupted
from workflow.demo.performance import perform
from workflow.demo.stories import STORIES
from workflow.settings import read_settings

_INTERRUPTED = 130
"""As a shell calls a program that ctrl-C has ended."""
_WIDTH = 160
_DEFAULT = 3
_LIST = "; ".join(f"{number}: {story.title}" for number, story in sorted(STORIES.items()))


def demo(
    story: Annotated[int, typer.Option(min=min(STORIES), max=max(STORIES), help=f"{_LIST}.")] = _DEFAULT,
) -> None:
    """Play a story of a broken promise and its recovery against the real system, in compressed time.

    At a terminal everything stays up until ctrl-C. Without one the exit code tells: 0 only if the story
    ended as it should.
    """
    try:
        well = perform(read_settings(), _console(), STORIES[story], stay=sys.stdin.isatty())
    except Interrupted:
        raise typer.Exit(_INTERRUPTED) from None
    if not well:
        raise typer.Exit(1)


def _console() -> Console:
    """A log file has no width of its own to wrap lines to."""
    wide = None if sys.stdout.isatty() else _WIDTH
    return Console(highlight=False, width=wide)
