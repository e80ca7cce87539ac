"""Definitions of an installation that are not the catalog's, as files beside the scenario."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from state_machines import catalog
from state_machines.errors import Problem
from workflow.errors import InvalidQuery
from workflow.store import schema

_DEFINITION = schema.definitions.c


@dataclass(frozen=True, slots=True)
class OwnDefinition:
    """The newest text of one lifecycle: new subjects start with it, today."""

    lifecycle: str
    version: int
    source: str


def own_definitions(
    connection: Connection, lifecycles: Iterable[str], own: Collection[str] = ()
) -> list[OwnDefinition]:
    """Those of these lifecycles that are not the catalog's of today, nor an older one of it.

    Those that are known to be somebody's `own`, by name, are so under whatever version.
    """
    columns = (_DEFINITION.lifecycle, _DEFINITION.version, _DEFINITION.source)
    rows = connection.execute(
        select(*columns).where(_DEFINITION.lifecycle.in_(list(lifecycles))).order_by(*columns[:2])
    )
    newest = {lifecycle: OwnDefinition(lifecycle, version, source) for lifecycle, version, source in rows}
    return [one for one in newest.values() if one.lifecycle in own or not _is_of_catalog(one)]


def _is_of_catalog(one: OwnDefinition) -> bool:
    if one.lifecycle not in catalog.NAMES:
        return False
    text = catalog.source(one.lifecycle)
    from state_machines.definitions.lifecycle import load

    return one.source == text or one.version < load(text, f"{one.lifecycle}.yaml").version


def place_beside(one: OwnDefinition, directory: Path) -> Path:
    """Write a definition into a directory, with its words in the same file; its path.

    Raises InvalidQuery when files of that name hold something else.
    """
    names = (f"{one.lifecycle}.yaml", f"{one.lifecycle}-{one.version}.yaml")
    for file in (directory / name for name in names):
        if not file.exists():
            file.write_text(one.source, encoding="utf-8")
            return file
        if file.read_text(encoding="utf-8", errors="replace") == one.source:
            return file
    message = f"{' and '.join(names)} are there with another text; move them, or record elsewhere"
    raise InvalidQuery([Problem("out", "in-the-way", message)])
