"""What a key is limited to. A bound that is not said is none; one that is said and empty permits nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

ANY = "*"
_SENDS = re.compile(r"\*|[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?")
_READS = re.compile(r"\*|[a-z][a-z0-9_]{0,62}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}", re.IGNORECASE)
_SOURCE = re.compile(r"[\x21-\x7e]{1,256}")


class Bounds(NamedTuple):
    """What a key is limited to.

    Attributes:
        sources: prefixes of the CloudEvents `source`s that it may use, by whole segments: ``/crm`` is
            ``/crm`` and ``/crm/eu``, and not ``/crm2``.
        sends: lifecycles (``promise``) and triggers (``case.open``) that it may send; ``*`` is all.
        reads: lifecycles whose subjects it may read; ``*`` is all.
        teams: of a person, the teams that they belong to; of a program of the desk, those whose members it
            speaks for.
        authorities: the roles that it may claim where a policy asks for one.
    """

    sources: tuple[str, ...] | None = None
    sends: tuple[str, ...] | None = None
    reads: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None
    authorities: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, list[str]]:
        """Those that are said, as they are stored and shown."""
        return {name: list(said) for name, said in self._asdict().items() if said is not None}

    @property
    def are_open(self) -> bool:
        """Whether whoever has them may speak as anybody, or send anything."""
        return self.sources is None or self.sends is None

    def may_use(self, source: str) -> bool:
        """Whether events of this source may be sent."""
        return self.sources is None or any(_within(source, prefix) for prefix in self.sources)

    def may_send(self, kind: str) -> bool:
        """Whether events of this type may be sent."""
        return self.sends is None or bool({ANY, kind, kind.partition(".")[0]} & {*self.sends})

    def names(self, kind: str) -> bool:
        """Whether this very type, or its lifecycle, is named among what may be sent."""
        return self.sends is not None and bool({kind, kind.partition(".")[0]} & {*self.sends})

    def may_send_to(self, lifecycle: str) -> bool:
        """Whether at least one trigger of this lifecycle may be sent."""
        return self.sends is None or any(
            one == ANY or one.partition(".")[0] == lifecycle for one in self.sends
        )

    def may_read(self, lifecycle: str) -> bool:
        """Whether subjects of this lifecycle may be read."""
        return self.reads is None or ANY in self.reads or lifecycle in self.reads

    def readable(self) -> Sequence[str] | None:
        """The lifecycles that may be read; None: all."""
        return None if self.reads is None or ANY in self.reads else self.reads


NO_BOUNDS = Bounds()


def bounds_of(document: Mapping[str, Any] | None) -> Bounds:
    """The bounds that were stored so."""
    said = document or {}
    return Bounds(**{name: tuple(said[name]) if name in said else None for name in Bounds._fields})


def checked_bounds(**said: Iterable[str] | None) -> Bounds:
    """Bounds from what somebody wrote; nothing said of one: none.

    Raises InvalidQuery, naming the field and the rule, for what could never fit.
    """
    forms = {"sources": _SOURCE, "sends": _SENDS, "reads": _READS, "teams": _NAME, "authorities": _NAME}
    found: dict[str, tuple[str, ...] | None] = {}
    problems: list[Problem] = []
    for name, values in said.items():
        texts = tuple(dict.fromkeys(values or ()))
        problems += [
            Problem(name, "form", f"{one!r} does not have the form that {name} have")
            for one in texts
            if not forms[name].fullmatch(one)
        ]
        found[name] = texts or None
    if problems:
        raise InvalidQuery(problems)
    return Bounds(**found)


def _within(source: str, prefix: str) -> bool:
    return source == prefix or source.startswith(prefix if prefix.endswith("/") else f"{prefix}/")
