"""docker-compose.yml, read as Docker Compose reads it, for running its commands here without Docker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::(?P<rule>[-?])(?P<rest>[^}]*))?\})")


def services(variables: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The services, with variables put in. Raises KeyError for a required one that is not given."""
    parsed: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = _filled(parsed["services"], variables)
    return found


def _filled(value: Any, variables: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, variables) for item in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _meaning(found, variables), value)
    return value


def _meaning(found: re.Match[str], variables: dict[str, str]) -> str:
    if found["escaped"]:
        return "$"
    if found["rule"] == "-":
        return variables.get(found["name"]) or found["rest"]
    return variables[found["name"]]
