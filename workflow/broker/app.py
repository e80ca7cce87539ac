"""The Celery app of this installation."""

from __future__ import annotations

from celery import Celery

from workflow.broker.celery_settings import celery_settings
from workflow.broker.loader import InstalledLoader
from workflow.settings import Settings


def celery_app(settings: Settings) -> Celery:
    """A Celery app with our settings, for clients and workers alike; nothing is connected yet.

    Raises SettingsError when no broker is set and none was ever embedded in the data directory.
    """
    # Without fixups: Django's, the only one, has the current folder searched.
    app = Celery("makegood", loader=InstalledLoader, fixups=[])
    app.conf.update(celery_settings(settings))
    return app
