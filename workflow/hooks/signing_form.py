"""The form of a signature: which header holds it, what it is made of and how it is written.

Secrets are never here; they come from `MAKEGOOD_ROUTE_SECRETS`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from state_machines.values.durations import parse_duration
from state_machines.values.time_errors import TimeError
from state_machines.values.written import Part

HeaderName = Annotated[str, Field(pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""In lower case, as everywhere here."""
_PIECE = re.compile(r"\{([^{}]*)\}")
PIECES = ("body", "timestamp", "id", "url")
"""What may be signed: the body as it came, the timestamp and the id as their headers have them, the
address."""


def _known_span(value: str) -> str:
    try:
        parse_duration(value)
    except TimeError as error:
        raise PydanticCustomError("duration", "{message}", {"message": error.message}) from None
    return value


Span = Annotated[str, BeforeValidator(_known_span)]


class TimestampRule(Part):
    """Where the signature's own time stands. What is further from now than `tolerance`, either way, is
    refused: an old request must not be played again."""

    header: HeaderName | None = Field(None, description="Its header; without, a part of the signature's own.")
    format: Literal["unix", "unix_ms", "rfc3339"] = "unix"
    tolerance: Span = "PT5M"


class HmacRule(Part):
    """An HMAC with the shared secret as its key, in a header."""

    by: Literal["hmac"]
    header: HeaderName
    hash: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field("", max_length=40, description="What stands before it, such as `sha256=`.")
    over: str = Field("{body}", max_length=200, description="What is signed, such as `{timestamp}.{body}`.")
    parts: dict[Literal["signature", "timestamp"], str] = Field(
        default_factory=dict,
        description="Of a header such as `t=…,v1=…`: the names of its parts. A name may stand several times.",
    )
    timestamp: TimestampRule | None = None
    id_header: HeaderName | None = Field(None, description="Where the `{id}` stands that is signed.")

    @field_validator("over")
    @classmethod
    def _known_pieces(cls, value: str) -> str:
        names = _PIECE.findall(value)
        if "body" not in names:
            raise PydanticCustomError("unsigned-body", "`over` must have {body} in it", {"body": "{body}"})
        if unknown := [name for name in names if name not in PIECES]:
            raise PydanticCustomError(
                "piece",
                "there is no {name} to be signed; there are {pieces}",
                {"name": repr(unknown[0]), "pieces": ", ".join(PIECES)},
            )
        return value

    @model_validator(mode="after")
    def _pieces_have_a_place(self) -> HmacRule:
        names = _PIECE.findall(self.over)
        if ("timestamp" in names) != (self.timestamp is not None):
            raise PydanticCustomError(
                "timestamp",
                "a `timestamp` is worth something only where `over` signs it, and the other way round",
            )
        if self.timestamp is not None and (self.timestamp.header is None) != ("timestamp" in self.parts):
            raise PydanticCustomError("timestamp", "say its `header`, or its name among the `parts`")
        if ("id" in names) != (self.id_header is not None):
            raise PydanticCustomError("id-header", "say `id_header` where `over` has an id, and only there")
        if self.parts and "signature" not in self.parts:
            raise PydanticCustomError("parts", "`parts` must name that of the signature")
        return self


class StandardWebhooksRule(Part):
    """As in Standard Webhooks: ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``; secrets
    ``whsec_…``."""

    by: Literal["standard_webhooks"]


class TwilioRule(Part):
    """As Twilio signs a form: with the auth token, over the address at which it calls, and its fields."""

    by: Literal["twilio"]


class BearerRule(Part):
    """Signs nothing: ``Authorization: Bearer`` and the secret."""

    by: Literal["bearer"]


class BasicRule(Part):
    """Signs nothing: ``Authorization: Basic``; the secret is ``user:password``."""

    by: Literal["basic"]


class HeaderRule(Part):
    """Signs nothing: a header of its own that holds the secret."""

    by: Literal["header"]
    header: HeaderName


class QueryRule(Part):
    """Signs nothing and can set no header: a parameter of the address holds the secret. No log of ours shows
    it; those of what lies between may."""

    by: Literal["query"]
    parameter: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")] = "token"


SigningRule = HmacRule | StandardWebhooksRule | TwilioRule | BearerRule | BasicRule | HeaderRule | QueryRule
Signed = Annotated[SigningRule, Field(discriminator="by")]
