"""The composition root of the product: an engine that speaks the catalog's words, one per process."""

from __future__ import annotations

from workflow.engine import runtime
from workflow.engine.runtime import Runtime
from workflow.recovery import vocabulary
from workflow.settings import Settings


def open_runtime(settings: Settings) -> Runtime:
    """Register the words of service recovery, open the store and register the definitions.

    Raises:
        SettingsError: numbers cannot be of this region.
        StoreError: the database cannot be used.
        DefinitionError, DefinitionChanged: a definition of this installation cannot.
    """
    vocabulary.register(settings)
    return runtime.open_runtime(settings)
