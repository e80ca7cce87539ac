"""`makegood demo`: a story of service recovery, on a clock that it moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

_INTERRUPTED = 130
"""As a shell calls a program that ctrl-C has ended."""
_WIDTH = 160
DEFAULT = 3
"""The story that is played where none is named."""
TITLES = {
    1: "the exception nobody knew",
    2: "the appointment that came and went",
    3: "the callback that was two days late",
    4: "what, why, and what we do differently",
    5: "listen, acknowledge, plan, take action, offer thanks, produce documentation",
}
"""Of the stories, by number: help loads none of them."""
_LIST = "; ".join(f"{number}: {title}" for number, title in TITLES.items())


def demo(
    story: Annotated[int, typer.Option(min=min(TITLES), max=max(TITLES), help=f"{_LIST}.")] = DEFAULT,
    broker_as_set: Annotated[
        bool,
        typer.Option(
            "--broker-as-set",
            help="Play it on the broker of MAKEGOOD_BROKER_URL, not on one of its own. It must be "
            "nobody else's: a virtual host of RabbitMQ that was made for it, or an empty Redis.",
        ),
    ] = False,
) -> None:
    """Play a story of a broken promise and its recovery against the real system.

    Its clock stands still until the story moves it.

    At a terminal everything stays up until ctrl-C. Without one the exit code tells: 0 only if the story
    ended as it should.
    """
    from workflow.demo.errors import Interrupted
    from workflow.demo.performance import perform
    from workflow.demo.stories import story as story_of
    from workflow.settings import read_settings

    try:
        well = perform(
            read_settings(), _console(), story_of(story), stay=sys.stdin.isatty(), broker_as_set=broker_as_set
        )
    except Interrupted:
        raise typer.Exit(_INTERRUPTED) from None
    if not well:
        raise typer.Exit(1)


def _console() -> Console:
    """A log file has no width of its own to wrap lines to."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else _WIDTH
    return Console(highlight=False, width=wide)
