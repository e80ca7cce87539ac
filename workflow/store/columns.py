"""Column types that mean the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


def instant_text(instant: datetime) -> str:
    """SQLite's form of an instant: UTC, fixed width (years too), so that text order is time order."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") + "Z"


def text_instant(text: str) -> datetime:
    """Back from `instant_text`."""
    return datetime.fromisoformat(text)


Key = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that is looked up and ordered by its bytes, as SQLite does anyway: no language's rules."""


Terms = Text().with_variant(TSVECTOR(), "postgresql")
"""What stands in the index of subjects; on SQLite with a space between two terms."""


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC: ``timestamptz`` on PostgreSQL, fixed-width text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has the type; SQLite has none, so text."""
        chosen: TypeEngine[Any] = DateTime(timezone=True) if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(chosen)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive times: an instant without a zone is a bug, never data."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a zone: {value!r}")
        return value if dialect.name == "postgresql" else instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware and in UTC."""
        if value is None:
            return None
        instant: datetime = text_instant(value) if isinstance(value, str) else value
        return instant.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON document: ``jsonb`` on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Only PostgreSQL has a binary form."""
        chosen: TypeEngine[Any] = JSONB() if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(chosen)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """On PostgreSQL the JSONB type itself serialises."""
        if value is None or dialect.name == "postgresql":
            return value
        return orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """SQLite gives text back."""
        return orjson.loads(value) if isinstance(value, str) and dialect.name != "postgresql" else value
