"""What the texts of a scenario mean at one step: values in angle brackets, times, people, keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.channels import registered
from workflow.scenarios.errors import StepImpossible
from workflow.scenarios.filling import Fillings, filled
from workflow.scenarios.stage import Stage
from workflow.scenarios.times import resolved


@dataclass(frozen=True, slots=True)
class Meaning:
    """Of one scenario, at one instant on one stage."""

    people: Mapping[str, Any]
    stage: Stage
    fillings: Fillings
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)
    """By name: what expressions about their subjects see."""

    def fill(self, value: Any) -> Any:
        """The value with everything in angle brackets in its place. Raises FillingError."""
        return filled(value, self.fillings)

    def instant(self, text: str) -> datetime:
        """The instant of a time, UTC. Raises TimeError."""
        return resolved(str(self.fill(text)), self.fillings.moment)

    def address(self, who: str, channel: str) -> str:
        """The address of a person over a channel: of somebody here by name, else the text is the address."""
        named = self.fill(who)
        person = self.people.get(named) if isinstance(named, str) else named
        if person is None:
            return str(named)
        return person if isinstance(person, str) else address(person, channel)

    def addresses(self, who: str) -> set[str]:
        """All addresses of a person, over whichever channel: where it is not known yet which it will be."""
        return {self.address(who, channel) for channel in registered()} - {""}

    def person(self, who: str) -> Any:
        """Who acts, as the desk takes it: of somebody here by name their mail address."""
        named = self.fill(who)
        person = self.people.get(named, named) if isinstance(named, str) else named
        return person.get("email", person) if isinstance(person, Mapping) else person

    def key(self, pattern: str, field: str) -> str | None:
        """The key of the one subject that fits; None when there is none.

        Raises StepImpossible when a pattern fits several.
        """
        wanted = str(self.fill(pattern))
        if "*" not in wanted:
            return wanted
        fitting = [
            one.key for one in self.stage.subjects(wanted.partition(":")[0]) if self.is_key(one.key, wanted)
        ]
        if len(fitting) > 1:
            message = f"{wanted} fits {len(fitting)} subjects: {', '.join(fitting[:5])}"
            raise StepImpossible(field, "ambiguous", message, fitting)
        return fitting[0] if fitting else None

    def is_key(self, key: str, pattern: str) -> bool:
        """Whether a key fits one that may have a ``*``."""
        wanted = str(self.fill(pattern))
        return key == wanted or ("*" in wanted and _fits_star(key, wanted))


def _fits_star(key: str, wanted: str) -> bool:
    """Whether there is something, or nothing, in the key for each ``*``; no other letter is special."""
    return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), key, re.DOTALL) is not None
