"""Flower as a supervised service: behind a password that no list of processes shows."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from workflow.settings import Settings
from workflow.supervisor.checks import http_ok
from workflow.supervisor.service import Service

PASSWORD_FILE = "flower-password"


def flower_password(settings: Settings, data_dir: Path) -> str:
    """The password that was set, else the one generated on first use and kept in the data directory."""
    if settings.flower_password is not None:
        return settings.flower_password.get_secret_value()
    file = data_dir / PASSWORD_FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(18) + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def flower_service(host: str, port: int, user: str, password: str, env: Mapping[str, str]) -> Service:
    """Flower over our Celery app, its pages and its API for that user alone."""
    health = http_ok(f"http://{host}:{port}/healthcheck")
    return Service(
        name="flower",
        argv=(
            *(sys.executable, "-m", "celery", "-A", "tasks.app", "flower"),
            *(f"--address={host}", f"--port={port}"),
        ),
        env={**env, "FLOWER_BASIC_AUTH": f"{user}:{password}"},
        ready=health,
        alive=health,
        stop_seconds=5,
        beside=True,
    )
