"""Which subject sent an event of makegood's own: it stands in the event's id."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, select

from workflow.store.schema import subjects


def possible_senders(event_id: str) -> tuple[str, ...]:
    """Keys of the subjects that may have sent the event of this id, the likeliest first.

    The id is ``<subject>/<seq>/<n>``, and ``<subject>/<seq>/<n>/<child>`` of one sent to all children; an id
    in a subject's key may have slashes itself.
    """
    found = []
    for numbers in (2, 3):
        key, *rest = event_id.rsplit("/", numbers)
        if len(rest) == numbers and all(part.isdecimal() for part in rest):
            found.append(key)
    return tuple(found)


def senders(connection: Connection, event_ids: Collection[str]) -> Mapping[str, str]:
    """The subject that sent each of these events, by event id; one that is not known is left out."""
    possible = {one: possible_senders(one) for one in event_ids}
    known = _known(connection, {key for keys in possible.values() for key in keys})
    return {
        one: likeliest
        for one, keys in possible.items()
        if (likeliest := next((key for key in keys if key in known), None)) is not None
    }


def _known(connection: Connection, keys: Iterable[str]) -> set[str]:
    wanted = sorted(keys)
    if not wanted:
        return set()
    return set(connection.execute(select(subjects.c.key).where(subjects.c.key.in_(wanted))).scalars())
