"""Every error that the engine and its doors raise, one sentence each."""

from state_machines.errors import DefinitionError, Problem


class MakegoodError(Exception):
    """Base class of everything that `workflow` and `tasks` raise on purpose."""


class InvalidEvent(MakegoodError):
    """Events that cannot be accepted; `problems` says why, and nothing of the batch was stored."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class EventConflict(InvalidEvent):
    """Events whose `source` and `id` are those of other events; nothing of the batch was stored."""


class NotPermitted(InvalidEvent):
    """Events that their sender may not send; nothing of the batch was stored."""


class InvalidQuery(MakegoodError):
    """A question that the store cannot be asked; `problems` says what is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class InvalidAdvance(InvalidQuery):
    """A sandbox's clock cannot be moved so far, or not there."""


class AdvanceUnderWay(MakegoodError):
    """A sandbox's clock is being moved already."""


class NoSandbox(MakegoodError):
    """This installation runs in earnest: its clock is not moved by anybody."""


class DefinitionChanged(MakegoodError):
    """A definition says something else than the stored one of the same name and version."""

    def __init__(self, lifecycle: str, version: int) -> None:
        super().__init__(
            f"version: {lifecycle} version {version} is already registered with another text; "
            "a version never changes, give the new text the next number"
        )


class UnknownDefinition(MakegoodError):
    """No definition of that name, or not in that version, is known here."""

    def __init__(self, lifecycle: str, version: int | None = None) -> None:
        which = lifecycle if version is None else f"{lifecycle} version {version}"
        super().__init__(f"lifecycle: no definition of {which} is known")


class NotUnderstood(DefinitionError):
    """A registered definition that this process cannot use, such as one of a newer makegood; others may.

    Attributes:
        lifecycle, version: which.
    """

    def __init__(self, lifecycle: str, version: int, problems: list[Problem]) -> None:
        self.lifecycle = lifecycle
        self.version = version
        super().__init__(problems)


class NotFound(MakegoodError):
    """What was asked for does not exist."""


class NotRetryable(MakegoodError):
    """A dead letter was asked to be retried that is not one."""


class StoreError(MakegoodError):
    """The database cannot be used as it is: wrong URL, missing driver or schema."""


class TooLarge(MakegoodError):
    """A decision would write more than may be."""


class SettingsError(MakegoodError):
    """An environment variable holds what it must not, or one that is needed is missing."""


class EmbeddedServerMissing(MakegoodError):
    """No broker binary is on this machine. The message says what to install or to set."""


class ServiceFailed(MakegoodError):
    """A process of `makegood up` ended, or was not ready in time, while everything was being started."""


class AlreadyRunning(MakegoodError):
    """Another `makegood up` or `demo` works in the same data directory."""


class BrokerUnreachable(MakegoodError):
    """A message could not be handed to the broker; what it was about waits in SQL."""


class MessageRefused(BrokerUnreachable):
    """The broker was there and did not take this one message."""
