"""The header `Idempotency-Key`: the same request again is the same event, whatever the first was answered.

It is the id of the event, and the source is the caller's: two callers have nothing in common by their keys.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote

from workflow.access.principal import Principal
from workflow.api.http.problems import Kind, Refusal

PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this request, so that it can be sent again without harm: it is the id of the "
    "event. The same key with another body is refused (409). Without one each request is another.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$", "examples": ["8e03978e-40d5-43dd"]},
}
"""For OpenAPI."""

_FORM = re.compile(r"[!-~]{1,255}")
_QUOTED = re.compile(r'"([^"\\]+)"')


def event_id(header: str | None) -> str:
    """The id of the event: the key, a quoted one without its quotes; else a new one. Raises Refusal (422)."""
    if header is None:
        return secrets.token_hex(16)
    quoted = _QUOTED.fullmatch(header)
    key = quoted[1] if quoted else header
    if not _FORM.fullmatch(key):
        message = "must be 1 to 255 printable characters of ASCII, without spaces"
        raise Refusal.of(Kind.INVALID, "idempotency-key", "form", message)
    return key


def source_of(holder: Principal) -> str:
    """The source of events that somebody sends otherwise than as CloudEvents.

    The first that their key is bound to; else one that names them. `/crm/` is bound to what lies below it.
    """
    bound = holder.bounds.sources
    if bound:
        return bound[0]
    return f"/api/{quote(holder.actor, safe=':@')}"[:256]
