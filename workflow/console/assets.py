"""Style sheet and script, out of the package; a browser fetches each once: its address has its digest."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import Request
from starlette.responses import Response

from workflow.api.http.late_routes import LateRouter
from workflow.console.compressed import compressed
from workflow.errors import NotFound

router = LateRouter(include_in_schema=False)
_FOLDER = Path(__file__).with_name("assets")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_SCRIPTS = ("page.js", "sending.js", "live.js", "session.js", "bell.js", "push.js")
"""The parts of the one script, in this order."""
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: what is in it, the same compressed, what it is, and the digest of it."""

    body: bytes
    compressed: bytes
    media_type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """All of them by name."""
    bodies = {file.name: file.read_bytes() for file in sorted(_FOLDER.iterdir()) if file.suffix in _TYPES}
    bodies["console.js"] = b"\n".join((_FOLDER / "scripts" / name).read_bytes() for name in _SCRIPTS)
    return {
        name: Asset(
            body, gzip.compress(body, mtime=0), _TYPES[Path(name).suffix], sha256(body).hexdigest()[:16]
        )
        for name, body in bodies.items()
    }


def asset_path(name: str) -> str:
    """Where a browser finds one; another address once it has changed."""
    return f"/assets/{assets()[name].digest}/{name}"


@router.get("/assets/{digest}/{name}")
def get_asset(request: Request, digest: str, name: str) -> Response:
    """One file. Raises NotFound, also for the digest of another version: no browser keeps the wrong one."""
    found = assets().get(name)
    if found is None or found.digest != digest:
        raise NotFound(f"asset: there is no {name!r}")
    headers = {"Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff"}
    answer = Response(found.body, media_type=found.media_type, headers=headers)
    return compressed(request, answer, found.compressed)
