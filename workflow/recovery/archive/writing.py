"""A service alert is written: once for each decision that asks for it, version by version."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from state_machines.subject import split_key
from workflow.engine.registry import Registry
from workflow.errors import NotFound
from workflow.recovery.archive import full_text
from workflow.recovery.archive.document import document
from workflow.recovery.archive.markdown import markdown, plain
from workflow.recovery.archive.place import place_of
from workflow.recovery.archive.record import Record, record
from workflow.recovery.archive.words import words
from workflow.store.port import Store
from workflow.store.schema import alerts, subjects

_LONGEST = 200
"""Characters of a cause or a part: what is longer is a sentence, and found by its words."""


class Written(NamedTuple):
    """Which alert was written: the key of its case, its version (from 1), and whether it is new."""

    case: str
    version: int
    new: bool

    def to_json(self) -> dict[str, Any]:
        """For the receipt."""
        return {
            "case": self.case,
            "version": self.version,
            "alert": place_of(self.case, self.version),
        }


def write_alert(store: Store, registry: Registry, effect: str) -> Written:
    """Write the service alert that an effect asks for, from the ledger up to the decision that asked.

    The same effect, however often it is carried out, gives one version. Raises NotFound when the ledger has
    no such decision.

    Args:
        effect: its idempotency key, ``<case>/<seq>/<n>``.
    """
    case, seq = _place(effect)
    known = _known(store, case, seq)
    if known is not None:
        return Written(case, known, new=False)
    found = record(store, registry, case, seq)
    with store.begin() as transaction:
        connection = transaction.connection
        _lock(connection, case)
        version = _version(connection, case, seq)
        if version is None:
            return Written(case, _next(connection, case, found, seq), new=True)
    return Written(case, version, new=False)


def _place(effect: str) -> tuple[str, int]:
    case, _, rest = effect.rpartition("/")[0].rpartition("/")
    if not case or not rest.isdecimal() or not split_key(case)[1]:
        raise NotFound(f"effect: {effect!r} is no idempotency key, which is <subject>/<seq>/<n>")
    return case, int(rest)


def _known(store: Store, case: str, seq: int) -> int | None:
    with store.connect() as connection:
        return _version(connection, case, seq)


def _version(connection: Connection, case: str, seq: int) -> int | None:
    statement = select(alerts.c.version).where(alerts.c.case_key == case, alerts.c.seq == seq)
    version: int | None = connection.execute(statement).scalar()
    return version


def _lock(connection: Connection, case: str) -> None:
    """One writer for a case at a time; on SQLite there is only one anyway."""
    connection.execute(select(subjects.c.id).where(subjects.c.key == case).with_for_update())


def _next(connection: Connection, case: str, found: Record, seq: int) -> int:
    newest = connection.execute(select(func.max(alerts.c.version)).where(alerts.c.case_key == case)).scalar()
    version = (newest or 0) + 1
    said = document(found, version)
    written = markdown(said)
    searched = words(f"{case} {plain(written)}")
    cause = said["causes"][0] if said["causes"] else None
    row = {
        "case_key": case,
        "version": version,
        "seq": seq,
        "title": said["title"],
        "cause": cause[:_LONGEST] if cause else None,
        "part": said["part"][:_LONGEST] if said["part"] else None,
        "at": found.at,
        "document": said,
        "markdown": written,
        "words": searched,
    }
    key = connection.execute(insert(alerts).returning(alerts.c.id), row).scalar_one()
    full_text.add(connection, key, searched)
    return version
