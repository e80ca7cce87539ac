"""Pages of the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.access.audit import AuditEntry, AuditFilter, chosen
from workflow.queries.cursor import fetch_page, row_of
from workflow.store.port import Store


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, and the cursor of the next page (None: that was all)."""

    items: list[AuditEntry]
    next: str | None


def audit_page(
    store: Store, wanted: AuditFilter, *, limit: int = 100, cursor: str | None = None
) -> AuditPage:
    """A page of entries, the oldest first. Raises InvalidQuery for a wrong cursor."""
    with store.connect() as connection:
        rows, more = fetch_page(connection, chosen(wanted, row_of(cursor)), limit)
    return AuditPage([AuditEntry(*tuple(row)[1:]) for row in rows], more)
