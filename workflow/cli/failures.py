"""What a command says when something goes wrong on purpose."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from makegood import ClientError
from state_machines.errors import StateMachineError
from workflow.cli.input_output import FULL
from workflow.engine.transient_errors import code_of
from workflow.errors import MakegoodError
from workflow.store.refused_writes import why_not_written


def words_of(error: Exception) -> str | None:
    """The error in words for a person; None when nobody meant it to happen."""
    if isinstance(error, MakegoodError | StateMachineError | ClientError):
        return str(error)
    if isinstance(error, OperationalError | ProgrammingError | InterfaceError):
        why = why_not_written(code_of(error))
        if why is not None:
            return f"database: {why} ({error.orig})"
        return f"database: {error.orig}. Is it there, and did `makegood migrate` run?"
    if isinstance(error, OSError) and error.filename is not None:  # a file that cannot be read or written
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in FULL:
        return f"output: {error.strerror}"
    return None
