"""Flower as a supervised service: behind a password that no list of processes shows."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from celery import Celery

from workflow.settings import Settings
from workflow.supervisor.flower_pages import close_pages

PASSWORD_FILE = "flower-password"
ACCOUNT = "FLOWER_BASIC_AUTH"
"""Flower's own variable: `user:password`."""
_CONFIGURATION = "FLOWER_CONF"
"""Flower's own variable: a Python file that it runs; else it runs `flowerconfig.py` of the current folder."""


def flower_password(settings: Settings, data_dir: Path) -> str:
    """The password that was set, else the one generated on first use and kept in the data directory."""
    if settings.flower_password is not None:
        return settings.flower_password.get_secret_value()
    file = data_dir / PASSWORD_FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(18) + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def run_flower(app: Celery, host: str, port: int, account: str) -> None:
    """Serve Flower over a Celery app in this process until it is told to stop.

    What the environment says in Flower's own variables `FLOWER_*` goes before `account` (`user:password`).
    """
    os.environ.setdefault(ACCOUNT, account)
    os.environ.setdefault(_CONFIGURATION, os.devnull)
    _run(app, [f"--address={host}", f"--port={port}"])


def _run(app: Celery, arguments: Sequence[str]) -> None:
    """Flower's command, given our app as an object: `celery -A` would look for it in the current folder."""
    from celery.bin.base import CLIContext
    from celery.bin.celery import celery
    from flower.command import flower

    close_pages()
    given: Any = CLIContext(app=app, no_color=True, workdir=None, quiet=False)
    parent = celery.context_class(celery, info_name="celery", obj=given)
    with flower.make_context("flower", list(arguments), parent=parent) as context:
        flower.invoke(context)
