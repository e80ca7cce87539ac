"""Which methods there are: what `Allow` says, and what OPTIONS is answered (RFC 9110, 9.3.7 and 10.2.1)."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

EVERY = ("DELETE", "GET", "PATCH", "POST")
"""Those that one operation or another has."""


def allow_field(methods: Iterable[str]) -> str:
    """The value of `Allow` where operations have these: HEAD goes with GET, OPTIONS is known everywhere."""
    found = {*methods, "OPTIONS"}
    return ", ".join(sorted(found | {"HEAD"} if "GET" in found else found))


def options_answer(allow: str) -> Response:
    """What OPTIONS is answered: the methods, and nothing else."""
    return Response(status_code=204, headers={"Allow": allow})
