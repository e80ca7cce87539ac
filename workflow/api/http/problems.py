"""Errors over HTTP: problem details (RFC 9457), each broken rule with the field that broke it.

Every answer of 400 or above is ``application/problem+json``. `errors` is an extension member, as
section 3.2 of the RFC allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from state_machines.errors import Problem
from workflow.api.http.answers import JsonAnswer

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
"""More than this many errors help nobody; the rest is counted in `detail`."""


class Kind(Enum):
    """The kinds of problem: (name, HTTP status, title)."""

    MALFORMED = ("malformed", 400, "The body is not what its content type says")
    BAD_HTTP = ("bad-http", 400, "This is no HTTP/1.1; the connection is closed")
    UNAUTHENTICATED = ("unauthenticated", 401, "A valid API key is needed")
    FORBIDDEN = ("forbidden", 403, "The role of this API key does not permit it")
    NOT_FOUND = ("not-found", 404, "There is no such thing")
    METHOD = ("method", 405, "This resource does not know the method")
    TIMEOUT = ("timeout", 408, "The request did not arrive in time")
    CONFLICT = ("conflict", 409, "It is not in a state in which this can be done")
    OTHER_EVENT = ("other-event", 409, "This source and id are those of another event; nothing was stored")
    CHANGED = ("changed", 412, "It has changed since it was read; it stays as it is")
    TOO_LARGE = ("too-large", 413, "The body is too large")
    URL_TOO_LONG = ("url-too-long", 414, "The address is too long; the connection is closed")
    MEDIA_TYPE = ("media-type", 415, "The body is of a type that is not understood")
    INVALID = ("invalid", 422, "Something in it breaks a rule; nothing was stored")
    BUSY = ("busy", 429, "Too many requests at once; try again soon")
    HEAD_TOO_LARGE = (
        "head-too-large",
        431,
        "The header fields are too many or too long; the connection is closed",
    )
    INTERNAL = ("internal", 500, "The fault is ours")
    UNAVAILABLE = ("unavailable", 503, "What this needs cannot be used at the moment")
    VERSION = ("version", 505, "HTTP/1.1 and 1.0 are spoken here; the connection is closed")
    FULL = ("full", 503, "Too many connections; try again soon")

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.value[1]

    @property
    def phrase(self) -> str:
        """The status in words, as HTTP has it."""
        return HTTPStatus(self.status).phrase

    @classmethod
    def of_status(cls, status: int) -> Kind:
        """The kind that answers with this status; `INTERNAL` when none does."""
        return next((kind for kind in cls if kind.status == status), cls.INTERNAL)


class FieldError(BaseModel):
    """One broken rule."""

    field: str = Field(
        description="What breaks it: a path such as `[3].data.due_at`, a header, `body`, `query.limit`."
    )
    rule: str = Field(description="Short stable name of the rule, such as `required`.")
    message: str = Field(description="One sentence for a person.")


class ProblemDetails(BaseModel):
    """Problem details, RFC 9457."""

    type: str = Field(description="Reference of the kind of problem, relative to this server.")
    title: str
    status: int
    detail: str
    errors: list[FieldError]


class Refusal(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, kind: Kind, problems: Sequence[Problem], *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.problems = list(problems)
        self.headers = dict(headers or {})
        super().__init__("; ".join(str(problem) for problem in problems))

    @classmethod
    def of(cls, kind: Kind, field: str, rule: str, message: str, **headers: str) -> Refusal:
        """A refusal for one reason; keyword arguments are response headers, ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(kind, [Problem(field, rule, message)], headers=named)

    def answer(self) -> JsonAnswer:
        """The response that says so."""
        name, status, title = self.kind.value
        shown, more = self.problems[:MOST_ERRORS], len(self.problems) - MOST_ERRORS
        detail = f"{shown[0].field}: {shown[0].message}" if shown else title
        if len(self.problems) > 1:
            detail += f" (and {len(self.problems) - 1} more" + (
                f", {MOST_ERRORS} are shown)" if more > 0 else ")"
            )
        document = {
            "type": f"/docs#problem-{name}",
            "title": title,
            "status": status,
            "detail": detail,
            "errors": [{"field": p.field, "rule": p.rule, "message": p.message} for p in shown],
        }
        return JsonAnswer(document, status_code=status, headers=self.headers, media_type=MEDIA_TYPE)


def busy(rule: str, message: str, *, retry_after: int = 1) -> Refusal:
    """429 (RFC 6585): try again in so many seconds (Retry-After, RFC 9110, 10.2.3)."""
    return Refusal.of(Kind.BUSY, "request", rule, message, Retry_After=str(retry_after))


def described(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation for OpenAPI, for these kinds of problem."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        kind.status: {"description": kind.value[2], "content": {MEDIA_TYPE: {"schema": schema}}}
        for kind in kinds
    }
