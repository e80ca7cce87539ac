"""Media types of requests: what the sender says a body is."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from functools import lru_cache

from starlette.datastructures import Headers

from workflow.api.http.problems import Kind, Refusal
from workflow.engine.cloudevent import declares_json

_UTF_8 = {"utf-8", "utf8", "us-ascii", "ascii"}


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type in lower case without its parameters; empty when the sender named none."""

    name: str

    @property
    def is_json(self) -> bool:
        """Whether it is JSON, by its subtype or by a structured suffix (RFC 6839)."""
        return declares_json(self.name)


def media_type(headers: Headers) -> MediaType:
    """What the body is said to be. Raises Refusal for a charset that is not UTF-8, or a compressed body."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Refusal.of(
            Kind.MEDIA_TYPE,
            "content-encoding",
            "encoding",
            f"{encoding!r} is not understood: send the body as it is",
        )
    declared = headers.get("content-type", "")
    charset = _charset(declared)
    if not isinstance(charset, str) or charset.lower() not in _UTF_8:
        raise Refusal.of(
            Kind.MEDIA_TYPE, "content-type", "charset", f"the charset must be utf-8, not {charset!r}"
        )
    return MediaType(declared.partition(";")[0].strip().lower())


@lru_cache(maxsize=64)
def _charset(declared: str) -> object:
    """The charset of a content type; UTF-8 when it names none."""
    message = Message()
    message["content-type"] = declared
    return message.get_param("charset", "utf-8")
