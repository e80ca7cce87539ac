"""Errors of statements that went straight to the driver, as SQLAlchemy would raise them."""

from __future__ import annotations

import psycopg
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError


def as_sqlalchemy(error: psycopg.Error, statement: str, dialect: Dialect) -> BaseException:
    """The error of SQLAlchemy that stands for a driver's; it never quotes parameters."""
    return DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True, dialect=dialect)
