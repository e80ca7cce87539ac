"""The lifecycles that a command knows without a database: the catalog's, and the installation's own."""

from __future__ import annotations

from collections.abc import Sequence

from workflow.engine.definition_sources import file_sources
from workflow.recovery import vocabulary
from workflow.replay.lifecycles import Lifecycles, read_lifecycles
from workflow.settings import Settings


def own_sources(settings: Settings) -> Sequence[tuple[str, str | None]]:
    """The texts of the installation's own definitions. Raises SettingsError, DefinitionError."""
    vocabulary.register(settings)
    return file_sources(settings.lifecycles)


def definitions_of(settings: Settings) -> Lifecycles:
    """All definitions by name, each compiled when it is asked for. Raises SettingsError, ReplayRefused."""
    return read_lifecycles([], own_sources(settings))
