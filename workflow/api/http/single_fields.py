"""Fields of a head that say for whom it is and who speaks: two of them could be read in two ways.

A proxy that reads the first of two, where we read the last, judges another request than we answer.
Source: RFC 9112, 3.2 (`Host`), RFC 9110, 5.3 and 11.6.2 (`Authorization` is no list).
"""

from __future__ import annotations

from collections.abc import Sequence

from workflow.api.http.problems import Kind, Refusal

_HOST, _AUTHORIZATION = b"host", b"authorization"


def unclear_field(headers: Sequence[tuple[bytes, bytes]], version: str) -> Refusal | None:
    """Why a head of this version of HTTP is refused (400): a host that is missing, or one of them twice.

    Names are in lower case.
    """
    hosts = speakers = 0
    for name, _ in headers:
        if name == _HOST:
            hosts += 1
        elif name == _AUTHORIZATION:
            speakers += 1
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return Refusal.of(Kind.BAD_HTTP, "host", "single", "must be there once")
    if speakers > 1:
        return Refusal.of(Kind.BAD_HTTP, "authorization", "single", "must be there once")
    return None
