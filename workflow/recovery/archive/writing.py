"""Service alerts are written: one for each decision that asks for it, version by version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, tuple_

from state_machines.subject import split_key
from workflow.engine.registry import Registry
from workflow.errors import NotFound
from workflow.recovery.archive import full_text
from workflow.recovery.archive.document import document
from workflow.recovery.archive.lines import lines
from workflow.recovery.archive.place import place_of
from workflow.recovery.archive.record import Place, Record, records
from workflow.recovery.archive.words import words
from workflow.store.port import Store
from workflow.store.schema import alerts, subjects

_LONGEST = 200
"""Characters of a cause or a part: what is longer is a sentence, and found by its words."""
_WRITTEN_WHEN_READ = ""
"""The column is asked for no longer; it stays for processes of the version before (docs/howto/upgrade.md)."""


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


def write_alerts(store: Store, registry: Registry, effects: Sequence[str]) -> list[Written]:
    """Write the service alerts that effects ask for, each from the ledger up to the decision that asked.

    What was written, in the order of `effects`. All are written or none. The same effect, however often it is
    carried out, gives one version. Raises NotFound when the ledger has no such decision.

    Args:
        effects: their idempotency keys, ``<case>/<seq>/<n>``.
    """
    places = [_place(effect) for effect in effects]
    with store.connect() as connection:
        known = _versions(connection, places)
    missing = [place for place in dict.fromkeys(places) if place not in known]
    found = dict(zip(missing, records(store, registry, missing), strict=True))
    added: set[Place] = set()
    if found:
        with store.begin() as transaction:
            connection = transaction.connection
            _lock(connection, missing)
            known = _versions(connection, places)  # somebody else may have written some meanwhile
            new = {place: one for place, one in sorted(found.items()) if place not in known}
            known |= _add(connection, new)
            added = set(new)
    return [Written(place.case, known[place], place in added) for place in places]


def _place(effect: str) -> Place:
    case, _, rest = effect.rpartition("/")[0].rpartition("/")
    if not case or not rest.isdecimal() or not split_key(case)[1]:
        raise NotFound(f"effect: {effect!r} is no idempotency key, which is <subject>/<seq>/<n>")
    return Place(case, int(rest))


def _versions(connection: Connection, places: Sequence[Place]) -> dict[Place, int]:
    """The version of each alert that is written already."""
    columns = (alerts.c.case_key, alerts.c.seq, alerts.c.version)
    written = connection.execute(select(*columns).where(tuple_(*columns[:2]).in_(places)))
    return {Place(case, seq): version for case, seq, version in written}


def _lock(connection: Connection, places: Sequence[Place]) -> None:
    """One writer for a case at a time; on SQLite there is only one anyway."""
    keys = {place.case for place in places}
    ordered = select(subjects.c.id).where(subjects.c.key.in_(keys)).order_by(subjects.c.id)  # as claims do
    connection.execute(ordered.with_for_update())


def _add(connection: Connection, found: Mapping[Place, Record]) -> dict[Place, int]:
    """Add the alerts of these records, of one case in the order of its decisions; their versions."""
    if not found:
        return {}
    newest = select(alerts.c.case_key, func.max(alerts.c.version)).group_by(alerts.c.case_key)
    cases = {place.case for place in found}
    latest = {
        case: version for case, version in connection.execute(newest.where(alerts.c.case_key.in_(cases)))
    }
    versions: dict[Place, int] = {}
    rows = []
    for place, one in found.items():
        latest[place.case] = versions[place] = latest.get(place.case, 0) + 1
        rows.append(_row(place, versions[place], one))
    keys = connection.execute(insert(alerts).returning(alerts.c.id, sort_by_parameter_order=True), rows)
    full_text.add(connection, [(key, row["words"]) for key, row in zip(keys.scalars(), rows, strict=True)])
    return versions


def _row(place: Place, version: int, found: Record) -> dict[str, Any]:
    said = document(found, version)
    cause = said["causes"][0] if said["causes"] else None
    return {
        "case_key": place.case,
        "version": version,
        "seq": place.seq,
        "title": said["title"],
        "cause": cause[:_LONGEST] if cause else None,
        "part": said["part"][:_LONGEST] if said["part"] else None,
        "at": found.at,
        "document": said,
        "markdown": _WRITTEN_WHEN_READ,
        "words": words(f"{place.case} {lines(said)}"),
    }
