"""From the bytes of a body to a JSON value, strictly (RFC 8259).

Refused here: what is not UTF-8, not JSON, nested too deep for any parser, and an object that has a
member twice: readers disagree about which of the two counts.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from workflow.api.http.problems import Kind, Refusal


def decode(body: bytes) -> Any:
    """The JSON value that the body stands for. Raises Refusal naming the rule that it breaks."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal.of(
            Kind.MALFORMED, "body", "utf-8", f"is not UTF-8: byte {error.start} cannot be decoded"
        ) from None
    try:
        value = orjson.loads(body)
        encoded = orjson.dumps(value)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise _too_deep() from None
        raise Refusal.of(Kind.MALFORMED, "body", "json", f"is not JSON: {error}") from None
    except orjson.JSONEncodeError:  # it reads deeper than it writes
        raise _too_deep() from None
    if _may_have_doubled_members(body, encoded):
        _refuse_doubled_members(text)
    return value


def _too_deep() -> Refusal:
    return Refusal.of(Kind.INVALID, "body", "depth", "nests too deep to be read")


def _may_have_doubled_members(body: bytes, encoded: bytes) -> bool:
    """Whether colons went missing on the way in; true as well where an escaped one may hide it."""
    if b"\\u003a" in body or b"\\u003A" in body:
        return True
    return body.count(b":") != encoded.count(b":")


def _refuse_doubled_members(text: str) -> None:
    def members(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Refusal.of(
                    Kind.MALFORMED, "body", "doubled-member", f"an object has the member {name!r} twice"
                )
            seen.add(name)

    json.loads(text, object_pairs_hook=members, parse_int=float)
