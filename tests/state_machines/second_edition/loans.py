"""A book on loan, in the second edition of the language, and what is done with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from state_machines.decide import apply_decision, decide
from state_machines.decision import Decision, Event
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.errors import DefinitionError
from state_machines.subject import Subject
from workflow.engine.definition_files import bundle_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FILE = Path(__file__).with_name("loan.yaml")
SMALL = """
edition: 2
lifecycle: note
version: 1
data: {words: text, tries: {type: integer, default: 0}, at: instant, held: list, who: people}
triggers: {write: {data: {words:, at:, to: {type: any}}}}
states: [written]
transitions:
  - {trigger: write, source: [initial, written], dest: written}
"""
"""What a test of one thing adds to."""


def loan_text() -> str:
    """The bundle of its three files."""
    return bundle_of(FILE, lambda file: file.read_text(encoding="utf-8"))


class Life:
    """One subject of a definition, decided about step by step."""

    def __init__(self, text: str) -> None:
        self.lifecycle: Lifecycle = load(text)
        name = self.lifecycle.name
        self.subject = Subject(f"{name}:1", name, self.lifecycle.version)

    def take(self, trigger: str, **data: Any) -> Decision:
        """Decide about an event with these data."""
        event = Event(trigger, "e", "/tests", NOW, data)
        decision = decide(self.lifecycle, self.subject, event, NOW)
        self.subject = apply_decision(self.subject, event, decision, NOW)
        return decision

    @property
    def data(self) -> dict[str, Any]:
        """What is known of the subject now."""
        return dict(self.subject.data)


def with_change(change: str, more: str = "") -> str:
    """The small definition whose one transition makes this change."""
    return SMALL.rstrip().removesuffix("}") + f", change: {change}}}\n{more}"


def problems(text: str) -> list[tuple[str, str]]:
    """Field and rule of all that keeps a definition from being loaded."""
    try:
        load(text)
    except DefinitionError as error:
        return [(one.field, one.rule) for one in error.problems]
    return []
