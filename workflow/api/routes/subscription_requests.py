"""What requests about subscriptions say, and answers that are made for them alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from state_machines.expressions.fact_conditions import LONGEST
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import STORABLE, Instant, Name, SubjectKey
from workflow.queries.changes import ChangeFilter
from workflow.subscriptions.checking import LONGEST_URL

_Text = Annotated[str, Field(max_length=500, pattern=STORABLE)]
_Url = Annotated[str, Field(max_length=LONGEST_URL, pattern=r"^https?://[^\x00-\x20\x7f]+$")]
_Team = Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]
_Condition = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=STORABLE)]
_SECONDS_PATTERN = r"^P(?=[0-9T])([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$"


class ChangeChoice(BaseModel):
    """Which changes are sent; of each list one must fit, and an empty one narrows nothing."""

    model_config = ConfigDict(extra="forbid")

    lifecycles: list[Name] = Field(default_factory=list, max_length=50)
    triggers: list[Name] = Field(default_factory=list, max_length=50)
    states: list[Name] = Field(
        default_factory=list, max_length=50, description="That they led to, or stayed in."
    )
    teams: list[_Team] = Field(
        default_factory=list, max_length=50, description="With which the subject was then."
    )
    outcomes: list[Literal["moved", "stayed", "refused"]] = Field(default_factory=list, max_length=3)
    subject: SubjectKey | None = Field(None, description="Only about this subject.")

    def filter(self) -> ChangeFilter:
        """As queries take it."""
        return ChangeFilter(
            self.lifecycles, self.triggers, self.states, self.teams, self.outcomes, self.subject
        )


class SubscriptionWish(ChangeChoice):
    """A subscription that is to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "url": "https://erp.example/hooks/makegood",
                    "lifecycles": ["promise"],
                    "states": ["broken"],
                    "condition": "change.data.team == 'north'",
                }
            ]
        },
    )

    url: _Url = Field(description="Where changes are posted to, `https://…`.")
    description: _Text = Field("", description="For people.")
    condition: _Condition | None = Field(
        None, description="CEL over `change`, the CloudEvent that would be sent; it must hold as well."
    )
    after: Annotated[str, Field(max_length=100)] | None = Field(
        None,
        description="The cursor of `GET /v1/changes` behind which it begins. Without it, behind all that is "
        "recorded by now.",
    )


class SubscriptionChange(BaseModel):
    """What is to be different. What is not said stays; the choice of changes is replaced as a whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "paused"}]})

    url: _Url | None = None
    description: _Text | None = None
    choice: ChangeChoice | None = Field(None, description="Which changes are sent, all of it.")
    condition: Annotated[str, Field(max_length=LONGEST, pattern=STORABLE)] | None = Field(
        None, description="An empty text takes it away."
    )
    status: Literal["active", "paused"] | None = Field(
        None, description="`active` also lets one that was disabled go on where it stood."
    )


class Redelivery(BaseModel):
    """What is to be sent once more: one change, or everything since an instant."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": [{"required": ["change"]}, {"required": ["since"]}],
            "examples": [{"change": "promise:P-17/3"}, {"since": "2026-07-01T00:00:00Z"}],
        },
    )

    change: Annotated[str, Field(min_length=3, max_length=300, pattern=STORABLE)] | None = None
    since: Instant | None = None

    @model_validator(mode="after")
    def _one(self) -> Redelivery:
        if (self.change is None) == (self.since is None):
            raise ValueError("say either change or since")
        return self


class RedeliveryAnswer(BaseModel):
    """Whether it was put in the queue; `false`: it is still to be sent anyway."""

    queued: bool


class Rotation(BaseModel):
    """How long the old secret counts beside the new one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap": "P1D"}]})

    overlap: str = Field(
        "P1D",
        max_length=64,
        description="ISO 8601 duration, P30D at most; PT0S where the old one is known to others.",
        json_schema_extra={"pattern": _SECONDS_PATTERN},
    )


class NewSecret(BaseModel):
    """The new secret, which is not shown again."""

    secret: str


class AttemptQuery(Paging):
    """Which attempts."""

    failed: bool = Field(False, description="Only those that did not arrive.")
