"""How a demonstration can end before its story does."""

from workflow.errors import MakegoodError


class StoryStuck(MakegoodError):
    """Something that the story waits for has not come about in time."""


class Interrupted(MakegoodError):
    """Ctrl-C, or the time limit of the whole demonstration."""
