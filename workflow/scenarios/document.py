"""The form of a scenario file: what its YAML may say (docs/testing.md). Version 1, which is kept.

Texts may hold values in angle brackets (`filling`) and times (`times`); those are read when a scenario is
played, since they hang on the row and the instant.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from state_machines.values.written import Part

VERSION = 1
ACTS = ("send", "press", "look", "desk", "task", "report", "channel", "worker", "ask")
"""What may happen in a step: one of these, or nothing but time."""

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=100)]
Time = Annotated[str, Field(min_length=1, max_length=100, description="A time, see docs/testing.md.")]
Key = Annotated[str, Field(min_length=3, max_length=400, description="A subject's key; * for any letters.")]
Words = Text | Texts
Who = Annotated[str, Field(min_length=1, max_length=400, description="A person's name here, or an address.")]
Values = dict[str, Any]
Count = Annotated[int, Field(strict=True, ge=0)]
Status = Annotated[int, Field(ge=100, le=599)]


Speaker = Literal["system", "operator", "agent", "supervisor"]


class _Closed(Part):
    """A part whose fields may be called otherwise in YAML."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TaskEnding(_Closed):
    """How a task of another program ends, as soon as it is called."""

    succeeds: Values | None = Field(None, description="Its result.")
    fails: Text | None = Field(None, description="Why it failed.")

    @model_validator(mode="after")
    def _one(self) -> TaskEnding:
        if (self.succeeds is None) == (self.fails is None):
            raise ValueError("says either succeeds or fails")
        return self


class Sent(_Closed):
    """An event that another system sends."""

    send: str | None = Field(
        None, pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", description="<lifecycle>.<trigger>"
    )
    to: Key | None = Field(None, description="The subject.")
    data: Values = Field(default_factory=dict)
    id: Text | None = Field(None, description="The event's id; else one of its own. Of a report: its own.")
    source: Text | None = Field(None, description="The event's source; else that of the scenario.")
    parent: Text | None = None
    effect: Text | None = None
    time: Time | None = Field(None, description="When it happened; else at this instant.")
    speaks_as: Speaker = Field("system", alias="as", description="By whose key it is sent.")


class KnownEvent(Sent):
    """An event of what is known before a scenario begins."""

    send: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", description="<lifecycle>.<trigger>")
    to: Key
    speaks_as: Speaker = Field("operator", alias="as", description="By whose key it is sent.")


class Given(_Closed):
    """What is there before the first step."""

    begins: Time | None = Field(None, description="When it begins, in its zone.")
    zone: Text | None = Field(None, description="IANA name of the zone of its times; else UTC.")
    lifecycles: list[Text] = Field(default_factory=list, max_length=50, description="Files of definitions.")
    people: dict[str, Text | Values] = Field(default_factory=dict, description="Who is who, by a short name.")
    values: Values = Field(default_factory=dict, description="Values by name, for <name>.")
    tasks: dict[str, TaskEnding] = Field(default_factory=dict, description="How others' tasks end.")
    known: list[KnownEvent] = Field(default_factory=list, max_length=500)


class NoticeChoice(_Closed):
    """The newest notice to somebody about something."""

    to: Who
    about: Text | None = None
    channel: Text | None = None


class TimerExpectation(_Closed):
    """When a timer is due, and words of how that came about."""

    at: Time | None = None
    why: Words | None = None


class SubjectExpectation(_Closed):
    """What must be so of one subject."""

    state: Text | None = None
    data: Values | None = Field(None, description="Any part of its data.")
    timers: dict[str, Time | TimerExpectation] | None = Field(
        None, description="By name: a time, `none`, `paused`, or `at` and `why`."
    )
    explain: Words | None = Field(None, description="Words of what `makegood explain` says.")
    parent: Key | None = None
    holds: Words | None = Field(None, description="Expressions over data, subject and now.")


class NoticeExpectation(_Closed):
    """A notice that must have gone out."""

    to: Who
    about: Text
    channel: Text = "email"
    title: Text | None = None
    words: Words | None = Field(None, description="Texts that stand in its words.")
    without: Words | None = Field(None, description="Texts that do not.")
    language: Text | None = None
    subject: Key | None = None


class WaitingExpectation(_Closed):
    """A notice that must wait now."""

    to: Who
    about: Text
    until: Time | None = None


class RefusalExpectation(_Closed):
    """An event that its subject must have refused."""

    subject: Key
    trigger: Text
    reason: Text | None = Field(None, description="Words of the reason.")


class TaskExpectation(_Closed):
    """A task of another program that must have been called."""

    task: Text
    of: Key | None = None
    arguments: Values | None = Field(None, alias="with", description="Any part of its arguments.")


class DeadExpectation(_Closed):
    """What must have failed, or ended nobody knows how."""

    subject: Key
    reason: Text | None = Field(None, description="Words of the reason.")


class Then(_Closed):
    """What must be so after a step. Beside these fields: subjects by their keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    subjects: dict[str, Text | SubjectExpectation] = Field(default_factory=dict, exclude=True)
    told: list[NoticeExpectation] = Field(default_factory=list)
    refused: list[RefusalExpectation] = Field(default_factory=list)
    tasks: list[TaskExpectation] = Field(default_factory=list)
    dead: list[DeadExpectation] = Field(default_factory=list)
    waiting: list[WaitingExpectation] | None = None
    line: list[Key] | None = None
    all: dict[str, dict[str, Count | list[Key]]] = Field(default_factory=dict)
    figures: Values = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _subjects_apart(cls, value: Any) -> Any:
        """Subjects stand beside the other fields, by their keys: whatever has a colon is one."""
        if not isinstance(value, dict):
            return value
        subjects = {name: said for name, said in value.items() if ":" in name}
        return {name: said for name, said in value.items() if ":" not in name} | {"subjects": subjects}


class Step(Sent):
    """One step: when, what happens, and what must be so then."""

    at: Time | None = None
    say: Text | None = Field(None, description="What a person reads.")
    mark: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$", description="A name for this instant.")
    press: NoticeChoice | None = None
    look: NoticeChoice | None = None
    link: Text | None = Field(None, description="Which link, where the notice has several.")
    choice: int | None = Field(None, ge=0, le=99)
    answers: dict[str, Any] = Field(default_factory=dict)
    desk: str | None = Field(
        None,
        pattern=r"^(claim|outcome|decision|case\.[a-z][a-z0-9_]*)$",
        description="What is done at the desk.",
    )
    of: Key | None = None
    by: Who | None = None
    task: Text | None = None
    succeeds: Values | None = None
    fails: Text | None = None
    report: NoticeChoice | None = None
    status: Literal["accepted", "delivered", "failed", "ended"] | None = None
    code: Text | None = None
    channel: (
        dict[str, Annotated[str, Field(pattern=r"^(works|refuses|nobody|unknown|busy( P[0-9A-Z.]+)?)$")]]
        | None
    ) = None
    worker: Literal["gone", "back"] | None = None
    ask: Annotated[str, Field(pattern=r"^/v1/", max_length=1000)] | None = None
    answer: Literal["accepted", "duplicate"] | Status | Values | list[Any] | None = None
    then: Then = Field(default_factory=Then)
    rest: Literal["none", "any"] | None = None

    @property
    def act(self) -> str | None:
        """What happens in it: one of `ACTS`, or None for nothing but time."""
        return next((one for one in ACTS if getattr(self, one) is not None), None)


class NeverTold(_Closed):
    """No such notice may ever go out."""

    to: Who | None = None
    about: Text | None = None
    channel: Text | None = None
    between: Annotated[list[Text], Field(min_length=2, max_length=2)] | None = Field(
        None, description="Hours of their zone, such as 21:00 and 08:00."
    )


class Invariant(SubjectExpectation):
    """What must be so whenever something has happened."""

    because: Text = Field(description="Why, for the reader.")
    each: Text | None = Field(None, description="A lifecycle: `holds` of all its subjects.")
    subject: Key | None = None
    never_told: NeverTold | None = None

    @model_validator(mode="after")
    def _one(self) -> Invariant:
        if sum(one is not None for one in (self.each, self.subject, self.never_told)) != 1:
            raise ValueError("says one of each, subject and never_told")
        return self


class ScenarioDocument(_Closed):
    """A scenario, or a beginning that others share."""

    scenario: Literal[1] | None = Field(None, description="The version of this form.")
    beginning: Literal[1] | None = Field(None, description="Instead of `scenario`: only there for `after`.")
    title: Text | None = Field(None, description="One sentence: what it shows.")
    about: Text | None = None
    tags: list[Text] = Field(default_factory=list, max_length=20)
    after: Text | None = Field(None, description="The file whose steps come first.")
    given: Given = Field(default_factory=Given)
    rows: list[Values] = Field(default_factory=list, max_length=200)
    steps: list[Step] = Field(default_factory=list, max_length=500)
    always: list[Invariant] = Field(default_factory=list, max_length=50)
    rest: Literal["none", "any"] = "none"

    @model_validator(mode="after")
    def _one(self) -> ScenarioDocument:
        if (self.scenario is None) == (self.beginning is None):
            raise ValueError("says either scenario or beginning")
        return self
