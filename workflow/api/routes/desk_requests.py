"""What people of the desk send: a claim, and how a call or an escalation went. Unknown fields are refused."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from state_machines.values.instants import format_instant
from workflow.api.http.parameters import Instant, SubjectKey
from workflow.recovery.desk.item import Kind
from workflow.recovery.desk.line import Wishes

_Word = Annotated[str, Field(min_length=1, max_length=100)]
_Words = Annotated[str, Field(min_length=1, max_length=2000)]


def somebody(person: object) -> object:
    """The same. Raises ValueError unless it is an address, or an object with something in it."""
    if not isinstance(person, str | dict) or not person:
        raise ValueError("must be an address, or an object with name, email, phone")
    return person


PERSON: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "object", "minProperties": 1, "additionalProperties": True},
    ],
    "description": "An address, or an object with name, email, phone. Of a person's own key it is they.",
}
"""The schema of what `somebody` lets pass."""


def data_of_trigger(**more: Any) -> dict[str, Any]:
    """What OpenAPI says of a body that is the data of a trigger, with `by`; and `more`, such as examples."""
    schema = {"type": "object", "properties": {"by": PERSON}}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, **more}}}}


Person = Annotated[Any, AfterValidator(somebody), WithJsonSchema(PERSON)]
"""Who does something."""


class Sending(BaseModel):
    """How an act is sent."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(
        default_factory=lambda: secrets.token_hex(16),
        pattern=r"^[A-Za-z0-9_.~-]{1,100}$",
        description="Names this act, so that it can be sent again without harm. Default: a new one.",
    )
    patience: float = Field(3.0, ge=0, le=10, description="Seconds to wait for the decision.")


class DeskAct(Sending):
    """What somebody at the desk does."""

    by: Person | None = None


class ClaimRequest(DeskAct):
    """Somebody takes on the next of the line, or the one that is named."""

    subject: SubjectKey | None = Field(None, description="Key of the one that is wanted; else the next.")
    kinds: list[Kind] = Field(default_factory=lambda: list(Kind), min_length=1, max_length=2)
    skills: list[_Word] | None = Field(
        None, max_length=100, description="What they can do; unsaid: anything."
    )
    languages: list[_Word] | None = Field(
        None, max_length=100, description="What they speak; unsaid: anything. Calls without one are for all."
    )
    desk: _Word | None = Field(None, description="Only what is for this desk, or for none in particular.")
    dial: str | None = Field(
        None,
        pattern=r"^\+[0-9][0-9 ]{5,24}$",
        description="Their telephone (E.164): it rings first, then the customer is connected.",
    )

    def wishes(self, desks: frozenset[str] | None) -> Wishes:
        """As the line takes them, for whoever sees the line of these desks; None: of all."""
        return Wishes(
            tuple(self.kinds),
            None if self.skills is None else frozenset(self.skills),
            None if self.languages is None else frozenset(self.languages),
            self.desk,
            desks,
        )


class CallOutcome(DeskAct):
    """How a call went."""

    outcome: Literal["reached", "no_answer", "busy", "wrong_number", "asked_later", "customer_calls"] = Field(
        description="`customer_calls`: the customer called first."
    )
    at: Instant | None = Field(None, description="With `asked_later`: when they want to be called.")
    note: _Words | None = Field(None, description="Of a call that did not get through.")
    result: _Words | None = Field(None, description="With `reached` and `customer_calls`: what came of it.")

    @model_validator(mode="after")
    def _instant(self) -> CallOutcome:
        if (self.outcome == "asked_later") != (self.at is not None):
            raise ValueError("at goes with the outcome asked_later, and with no other")
        return self

    def event(self, by: Any) -> tuple[str, Mapping[str, Any]]:
        """The trigger and its data; `by` is who did it."""
        if self.outcome in ("reached", "customer_calls"):
            return self.outcome, {"by": by} | ({"outcome": self.result} if self.result else {})
        more: dict[str, Any] = {"note": self.note} if self.note else {}
        if self.at is not None:
            more["at"] = format_instant(self.at)
        return self.outcome, {"by": by} | more


class EscalationOutcome(DeskAct):
    """What somebody does about an escalation."""

    outcome: Literal["resolved", "refused", "reassigned"]
    to: Person | None = Field(None, description="With `reassigned`: to whom it is given.")
    reason: _Words | None = Field(None, description="With `refused`: why.")
    result: _Words | None = Field(None, description="With `resolved`: what came of it.")

    @model_validator(mode="after")
    def _receiver(self) -> EscalationOutcome:
        if (self.outcome == "reassigned") != bool(self.to):
            raise ValueError("to goes with the outcome reassigned, and with no other")
        return self

    def event(self, by: Any) -> tuple[str, Mapping[str, Any]]:
        """The trigger and its data; `by` is who does it."""
        match self.outcome:
            case "resolved":
                return "resolve", {"by": by} | ({"outcome": self.result} if self.result else {})
            case "refused":
                return "refuse", {"by": by} | ({"reason": self.reason} if self.reason else {})
            case "reassigned":
                return "reassign", {"by": by, "to": self.to}
