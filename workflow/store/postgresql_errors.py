"""Errors of PostgreSQL's driver: as SQLAlchemy would raise them, and which are the state of the server."""

from __future__ import annotations

import psycopg
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError

_STATE = "25"
"""SQLSTATE class 25, invalid transaction state: the server takes no writes, or ended what took too long. The
driver counts it as an internal error, as if the statement were wrong; it is the server's to mend."""
_READ_ONLY = "25006"


def as_sqlalchemy(error: psycopg.Error, statement: str | None, dialect: Dialect) -> BaseException:
    """The error of SQLAlchemy that stands for a driver's; it never quotes parameters."""
    if is_state(error):
        return OperationalError(statement, None, error, hide_parameters=True)
    return DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True, dialect=dialect)


def is_state(error: BaseException) -> bool:
    """Whether a driver's error says in which state the server is, and nothing of the statement."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(_STATE)


def takes_no_writes(error: BaseException) -> bool:
    """Whether it says that the server is read only, as one is that was the first and has handed over.

    The connection itself is well, and would be kept for ever; a new one leads to who is the first now.
    """
    return isinstance(error, psycopg.Error) and error.sqlstate == _READ_ONLY
