"""The form of a definition: what a YAML file of a lifecycle may say.

The words are those of the library `transitions` (states, triggers, source, dest, conditions,
unless, timeout, on_timeout, on_enter, on_exit); what goes beyond it is durable time (`timeouts`),
declared data and effects. Two kinds of text occur:

* where only an expression makes sense (`conditions`, `unless`, `when`, `at`, ...) the text *is* a
  CEL expression;
* in the arguments of effects a string that starts with ``=`` is a CEL expression and any other
  value stands for itself.

Expressions see ``data`` (the subject's data), ``event`` (``id, source, time, trigger, data``),
``subject`` (``key, id, lifecycle, state, parent, opened_at, seq``) and ``now``.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, create_model

from state_machines.form.effects import EffectDeclaration, RetryDeclaration
from state_machines.form.fields import Fields
from state_machines.form.guards import Guard
from state_machines.form.names import (
    Argument,
    CalendarName,
    Dimension,
    Expressions,
    FieldNames,
    Language,
    Name,
    Names,
    Sender,
    listed,
)
from state_machines.form.wording import TopicDeclaration, Wordings
from state_machines.timeouts.kinds.table import KINDS
from state_machines.values.written import ExpressionText as Expression
from state_machines.values.written import Part as _Part


def _named(value: Any) -> Any:
    """A state may be given by its name alone, as in transitions."""
    return {"name": value} if isinstance(value, str) else value


class TriggerDeclaration(_Part):
    """A trigger, what it means and which data its event brings."""

    description: str = Field("", description="What has happened when somebody sends it.")
    data: Fields = Field(
        default_factory=dict,
        description="What its event brings. An event that breaks this is turned away at the door.",
    )
    senders: Annotated[list[Sender], BeforeValidator(listed)] = Field(
        default_factory=list,
        alias="from",
        description="Who may send it: `outside` (another system, by its key), `operator` (who runs the "
        "installation, or a system whose key names the trigger), `desk` (a person), `family` (another "
        "subject), `timer`, `task` (its receipt), `link` (a signed one), `report` (of what became of a "
        "notice). Left out: what only its own timeouts or tasks give, from these; else from outside, desk, "
        "family.",
    )
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AnyTimeout(_Part):
    """What every durable timeout says, of whatever kind: where it runs and which trigger it gives."""

    states: Names = Field(
        default_factory=list,
        alias="in",
        description="The states in which it runs; moving between them does not restart it.",
    )
    paused_in: Names = Field(default_factory=list, description="States of `in` in which it stands still.")
    calendar: CalendarName | None = Field(
        None,
        description="The business hours in which it counts: a name under `calendars`, or (third edition) an "
        "expression after `=` for an object, `'always'` or null.",
    )
    zone: Expression | None = Field(
        None, description="An expression for the zone of the calendar, such as the customer's."
    )
    when: Expression | None = Field(None, description="Set only if this holds.")
    on_timeout: Name = Field(description="The trigger that the subject gets when it is due.")
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


_TIMEOUT = """One durable timeout: when it is due and which trigger it gives.

Exactly one of
"""
if TYPE_CHECKING:
    TimeoutDeclaration = AnyTimeout
else:
    TimeoutDeclaration = create_model(
        "TimeoutDeclaration",
        __base__=(AnyTimeout, *(kind.declaration for kind in reversed(KINDS))),
        __doc__=_TIMEOUT + ";\n".join(f"  * `{kind.name}`: {kind.summary}" for kind in KINDS) + ".",
        __module__=__name__,
    )


class StateDeclaration(_Part):
    """A state. `timeout` with `on_timeout` is short for one `after` timeout named like the state."""

    name: Name = Field(description="The state's name; alone it may stand for all of this.")
    description: str = Field("", description="What it means that a subject is in it.")
    final: bool = Field(False, description="The end: nothing leads out of it.")
    on_enter: list[EffectDeclaration] = Field(
        default_factory=list, description="Effects of entering it, whichever way."
    )
    on_exit: list[EffectDeclaration] = Field(
        default_factory=list, description="Effects of leaving it, whichever way."
    )
    timeout: Expression | None = Field(None, description="How long until `on_timeout`.")
    on_timeout: Name | None = Field(None, description="The trigger of `timeout`.")
    timeouts: dict[Name, TimeoutDeclaration] = Field(
        default_factory=dict, description="Timeouts that run in this state alone."
    )

    def short_timeout(self) -> TimeoutDeclaration | None:
        """What `timeout` and `on_timeout` are short for; None where they are not both given."""
        if self.timeout is None or self.on_timeout is None:
            return None
        return TimeoutDeclaration.model_validate({"after": self.timeout, "on_timeout": self.on_timeout})


def _amounts(value: Any) -> Any:
    """A field, or several, to be counted up by one each."""
    if isinstance(value, str):
        return {value: 1}
    return dict.fromkeys(value, 1) if isinstance(value, list) else value


class Change(_Part):
    """One change of the data by a verb: exactly one of these."""

    set: dict[Name, Argument] | None = Field(None, description="Fields with their new values.")
    copied: FieldNames | None = Field(
        None,
        alias="copy",
        description="Fields to take from the event; those it does not bring stay as they are. By the "
        "names that they get here, where the event calls them otherwise.",
    )
    append: dict[Name, Argument] | None = Field(None, description="One value more at the end of a list.")
    add: dict[Name, Argument] | None = Field(
        None, description="A value, or each of a list, into a set: once; null and the empty text never."
    )
    remove: dict[Name, Argument] | None = Field(
        None, description="A value, or each of a list, out of a set or a list, wherever it stands there."
    )
    increment: Annotated[dict[Name, Argument], BeforeValidator(_amounts)] | None = Field(
        None, description="A number to count up, by one or by so much."
    )
    unset: Annotated[list[Name], BeforeValidator(listed)] | None = Field(
        None, description="Fields to forget."
    )
    when: Expression | None = Field(None, description="Only if this holds, of the data as they are by then.")
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _one_by_one(value: Any) -> Any:
    """Verbs in one mapping are changes in the order in which they are written."""
    return [{verb: said} for verb, said in value.items()] if isinstance(value, dict) else value


class TransitionDeclaration(_Part):
    """A transition. `trigger` may be a list: the same for each. `source` may be a list, ``*`` (every state
    but `initial` and final ones) or ``any`` (final ones, too); `dest` ``=`` goes back into the same state and
    no `dest` (null) is internal: no state is left."""

    trigger: Name | Annotated[list[Name], Field(min_length=1)] = Field(
        description="What it answers to: one, or each of several."
    )
    source: Annotated[list[str], BeforeValidator(listed)] = Field(
        description="A state or several; `initial`, before it is opened; `*`, every state but the ended "
        "ones; `any`, every state, ended or not."
    )
    dest: str | None = Field(
        None,
        description="The next state; `=`, the same, left and entered again. Left out: no state is left, and "
        "timers run on.",
    )
    conditions: Expressions = Field(
        default_factory=list, validation_alias=AliasChoices("conditions", "if"),
        description="Names of guards, or expressions: all must hold. In the first edition `conditions`.",
    )  # fmt: skip
    unless: Expressions = Field(default_factory=list, description="The same: none may hold.")
    set: dict[str, Argument] | Expression | None = Field(
        None, description="Of the first edition: fields with their new values, or an expression for all."
    )
    change: Annotated[list[Change], BeforeValidator(_one_by_one)] = Field(
        default_factory=list, description="Changes by verb, in order; each sees what came before."
    )
    restart: Names = Field(
        default_factory=list, description="Timeouts to set anew although their scope is not left."
    )
    effects: list[EffectDeclaration] = Field(
        default_factory=list, description="What is to be done, after those of leaving and before entering."
    )
    description: str = Field("", description="Why, for whoever reads it.")

    @property
    def triggers(self) -> tuple[str, ...]:
        """The triggers that it answers to."""
        return tuple(dict.fromkeys(self.trigger)) if isinstance(self.trigger, list) else (self.trigger,)


class BarometerDeclaration(_Part):
    """What the barometer counts a subject as: one row a subject, written with each decision about it.

    Each value is an expression over `data` and `subject` alone that gives a text, or null where there is
    none; `at` and `settled_at` give an instant (or its text) and `count` a number. `share` names those that
    are fields of the data.
    """

    outcome: Expression = Field(
        description="How it stands, in one word: open, kept, late, lapsed, withdrawn, or a word of its own."
    )
    at: Expression | None = Field(
        None, description="The instant by which a period counts it; else when it was opened."
    )
    settled_at: Expression | None = Field(
        None, description="When it was settled: minutes are counted from its opening until then."
    )
    kind: Expression | None = Field(None, description="What sort it is; figures are grouped by it.")
    team: Expression | None = Field(None, description="Whose it is; figures are grouped by it.")
    cause: Expression | None = Field(None, description="Why it came about; figures are grouped by it.")
    part: Expression | None = Field(None, description="What it is about; figures are grouped by it.")
    channel: Expression | None = Field(None, description="How it came in; figures are grouped by it.")
    case: Expression | None = Field(None, description="Key of the case that it belongs to.")
    count: Expression | None = Field(None, description="A number to add up, such as hand-overs.")
    share: Annotated[list[Dimension], BeforeValidator(listed)] = Field(
        default_factory=list, description="What fields of the data by these names say, if they are there."
    )

    def texts(self) -> dict[str, str]:
        """The expressions that are given, by name, without a leading ``=``."""
        said = {name: text.removeprefix("=") for name, text in self if isinstance(text, str)}
        return {**{name: f"data.?{name}" for name in self.share}, **said}


class Definition(_Part):
    """A versioned, immutable definition of a state machine."""

    edition: Literal[1, 2, 3] = Field(
        1,
        description="Of the language of lifecycles. In the third, days in a calendar are working days.",
    )
    lifecycle: Name = Field(description="Its name: the first part of keys and of types of events.")
    version: Annotated[int, Field(ge=1)] = Field(
        description="A version never changes; another text has another number."
    )
    title: str = Field("", description="What it is called by people.")
    description: str = Field("", description="What it is for.")
    data: Fields = Field(default_factory=dict, description="What a subject knows.")
    let: dict[Name, Expression] = Field(
        default_factory=dict, description="Expressions by name; others use the name."
    )
    guards: dict[Name, Guard] = Field(
        default_factory=dict, description="Conditions by name, for `if` and `unless`."
    )
    calendars: dict[Name, dict[str, Any]] = Field(
        default_factory=dict, description="Business hours by name, for timeouts."
    )
    triggers: dict[Name, TriggerDeclaration] = Field(
        default_factory=dict,
        description="What can happen, and what each event brings. One that brings nothing need not be here.",
    )
    states: Annotated[
        list[
            Annotated[
                StateDeclaration, BeforeValidator(_named, json_schema_input_type=Name | StateDeclaration)
            ]
        ],
        Field(min_length=1),
    ] = Field(description="The states, `initial` not among them.")
    transitions: Annotated[list[TransitionDeclaration], Field(min_length=1)] = Field(
        description="What leads where. Of one trigger out of one state the first that fits is taken."
    )
    timeouts: dict[Name, TimeoutDeclaration] = Field(
        default_factory=dict, description="What happens when nobody does anything."
    )
    retry: RetryDeclaration | None = Field(
        None, description="How its tasks and notices are tried again that do not say so themselves."
    )
    barometer: BarometerDeclaration | None = Field(None, description="As what its subjects are counted.")
    topics: dict[Name, TopicDeclaration] = Field(
        default_factory=dict, description="What notices here may be about, besides the registered words."
    )
    language: Language = Field(
        "en", description="In which people are written to whose language a template lacks."
    )
    templates: dict[Name, Wordings] = Field(
        default_factory=dict, description="What notices say, by name, language and channel."
    )
