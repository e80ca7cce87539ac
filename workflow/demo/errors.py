"""How a demonstration can end before its story does."""

from workflow.errors import MakegoodError


class Interrupted(MakegoodError):
    """Somebody wants it to end, by ctrl-C or a signal."""


class TookTooLong(MakegoodError):
    """The whole demonstration has not come to its end within its time limit."""
