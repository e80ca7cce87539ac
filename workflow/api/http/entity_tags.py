"""Entity tags (RFC 9110, 8.8.3): the revision of a subject in quotes, and the conditions that name one."""

from __future__ import annotations

import re

from workflow.api.http.problems import Kind, Refusal

MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of a read: the trigger is taken only if nothing has changed the subject "
    "since, which is judged when it is decided. Else 412.",
    "schema": {"type": "string", "pattern": r'^(W/)?"[!#-~]*"$', "examples": ['"3"']},
}
NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of an earlier read: 304 without a body if it is still that.",
    "schema": {"type": "string", "examples": ['"3"']},
}
"""For OpenAPI."""

_STRONG = re.compile(r'"([0-9]{1,9})"')
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def entity_tag(revision: int) -> str:
    """The tag of a subject at this revision."""
    return f'"{revision}"'


def is_unchanged(header: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names this tag. Compared weakly, as the RFC says (13.1.2)."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return tag in (one.removeprefix("W/") for one in _TAG.findall(header))


def expected_revision(header: str | None) -> int | None:
    """The revision that `If-Match` names; None without one.

    Raises Refusal: 412 for a tag that no subject ever has, such as a weak one; 422 for what is no single tag.
    """
    if header is None:
        return None
    said = header.strip()
    found = _STRONG.fullmatch(said)
    if found is not None:
        return int(found[1])
    if _TAG.fullmatch(said):
        message = f"{said} is no tag that a read has given; weak ones never match"
        raise Refusal.of(Kind.CHANGED, "if-match", "entity-tag", message)
    message = "must be one tag, as `ETag` gave it"
    raise Refusal.of(Kind.INVALID, "if-match", "entity-tag", message)
