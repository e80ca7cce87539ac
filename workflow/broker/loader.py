"""What Celery may import: what is installed, and nothing else by way of configuration.

Celery's own loaders look into the current folder first, and read the module that `CELERY_CONFIG_MODULE`
names: in the shell of another Celery project both would be somebody else's code.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from celery.loaders.base import BaseLoader


class InstalledLoader(BaseLoader):  # type: ignore[misc]  # Celery is untyped
    """A loader of Celery's that knows the interpreter's own search path alone."""

    def import_from_cwd(self, module: str, imp: Any = None, package: str | None = None) -> ModuleType:
        """The module of that name, found where Python finds modules. Raises ImportError."""
        return import_module(module, package)

    def read_configuration(self, env: str = "") -> dict[str, Any]:
        """Nothing: an app of ours is told all of its settings."""
        return {}
