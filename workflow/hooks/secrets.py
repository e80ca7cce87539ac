"""The secrets of routes, as `MAKEGOOD_ROUTE_SECRETS` gives them: in the setting itself, or in files that it
names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from workflow.errors import SettingsError

_SETTING = "MAKEGOOD_ROUTE_SECRETS"
_FILE = "file:"
_LONGEST_FILE = 4096
SHORTEST = 8
"""Characters of a secret."""


def route_secrets(said: SecretStr | None) -> Mapping[str, Sequence[str]]:
    """The secrets by route, each with those of which any is good: an old and a new one while one is changed.

    Raises SettingsError, which quotes none of them, for what is no such JSON, a file that cannot be read, and
    a secret that is shorter than `SHORTEST`.
    """
    if said is None:
        return {}
    try:
        value = json.loads(said.get_secret_value())
    except ValueError:
        raise SettingsError(f"{_SETTING}: must be JSON") from None
    if not isinstance(value, dict):
        raise SettingsError(f"{_SETTING}: must be an object of secrets, by route")
    return {route: list(_read(route, one)) for route, one in value.items()}


def _read(route: str, said: object) -> Iterator[str]:
    texts: list[Any] = said if isinstance(said, list) else [said]
    if not texts or not all(isinstance(one, str) for one in texts):
        raise SettingsError(f"{_SETTING}: {route}: must be a text, or a list of texts")
    for text in texts:
        secret = _of_file(route, Path(text[len(_FILE) :])) if text.startswith(_FILE) else text
        if len(secret) < SHORTEST:
            raise SettingsError(f"{_SETTING}: {route}: a secret has {SHORTEST} characters at least")
        yield secret


def _of_file(route: str, path: Path) -> str:
    """The one line of a file, as container platforms hand secrets in."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_LONGEST_FILE).strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(f"{_SETTING}: {route}: {path} cannot be read: {reason}") from None
