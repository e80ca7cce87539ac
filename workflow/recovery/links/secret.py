"""The secret that signs links: set, or generated on first use and kept in the data directory."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from workflow.settings import Settings, ensure_data_dir

SECRET_FILE = "link-secret"


def link_secret(settings: Settings) -> bytes:
    """The secret that was set, else that of the data directory, which is made when it is missing.

    Workers and APIs of one installation need the same: on several machines it has to be set.
    """
    if settings.link_secret is not None:
        return settings.link_secret.get_secret_value().encode()
    file = ensure_data_dir(settings) / SECRET_FILE
    if not file.exists():
        _make(file)
    return file.read_text(encoding="utf-8").strip().encode()


def _make(file: Path) -> None:
    """Write it whole under a name of our own, then give it the name; who comes second keeps the first one."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(secrets.token_urlsafe(32) + "\n", encoding="utf-8")
        with suppress(FileExistsError):
            file.hardlink_to(draft)
    finally:
        draft.unlink()
