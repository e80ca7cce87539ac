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

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, create_model

from state_machines.form.fields import Fields
from state_machines.timeouts.kinds.table import KINDS
from state_machines.values.written import ExpressionText as Expression
from state_machines.values.written import Part as _Part


def _listed(value: Any) -> Any:
    """One value where a list may stand is a list of one, as in transitions."""
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | dict) else [value]


def _named(value: Any) -> Any:
    """A state may be given by its name alone, as in transitions."""
    return {"name": value} if isinstance(value, str) else value


def _by_name(value: Any) -> Any:
    """Names alone stand for themselves; in a list some may stand beside those that are called otherwise."""
    if isinstance(value, str):
        return {value: value}
    if not isinstance(value, list) or not all(isinstance(one, str | dict) for one in value):
        return value
    return {k: v for one in value for k, v in (one if isinstance(one, dict) else {one: one}).items()}


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
FieldNames = Annotated[dict[Name, Name], BeforeValidator(_by_name)]
"""Fields to hand on: by the name that they have there, the name that they have here."""
Expressions = Annotated[list[Expression], BeforeValidator(_listed)]
Names = Annotated[list[Name], BeforeValidator(_listed)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2}|-[0-9]{3}|-[A-Z][a-z]{3})*$")]
"""A BCP 47 tag, such as ``de`` or ``pt-BR``."""
Duration = Annotated[str, Field(min_length=1, max_length=64)]
"""An ISO 8601 duration, written."""
ErrorRule = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""The name of a rule that an error says was broken, such as ``webhook-409``."""
Sender = Literal["system", "person", "link", "makegood"]
"""Who an event comes from."""
Dimension = Literal["kind", "team", "cause", "part", "channel", "case"]
"""What the barometer groups by."""
Argument = Any
"""A JSON value; every string in it that starts with ``=`` is a CEL expression."""


class TriggerDeclaration(_Part):
    """A trigger, what it means and which data its event brings."""

    description: str = Field("", description="What has happened when somebody sends it.")
    data: Fields = Field(
        default_factory=dict,
        description="What its event brings. An event that breaks this is turned away at the door.",
    )
    senders: Annotated[list[Sender], BeforeValidator(_listed)] = Field(
        default_factory=list,
        alias="from",
        description="Who may send it: a system by its key, a person at a desk, a signed link, makegood "
        "itself. Left out: anybody with a key.",
    )
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class RetryDeclaration(_Part):
    """How often and how soon a task or a notice that failed is tried again.

    The pauses double, in real time. What is left open is the lifecycle's way, then the installation's.
    """

    attempts: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Attempts in all; 1: never again."
    )
    first: Duration | None = Field(None, description="The pause after the first attempt (ISO 8601).")
    longest: Duration | None = Field(None, description="The longest pause (ISO 8601).")
    not_on: Annotated[list[ErrorRule], BeforeValidator(_listed)] = Field(
        default_factory=list,
        description="Rules of errors that are not worth another try, such as webhook-409 or smtp-452.",
    )


class TaskCall(_Part):
    """A Celery task to run: its name, its arguments and the triggers of its receipt."""

    name: Annotated[str, Field(min_length=1)] = Field(description="By which a Celery worker knows it.")
    queue: str | None = Field(None, description="The queue its worker listens to. Left out: makegood's own.")
    args: list[Argument] | Expression = Field(
        default_factory=list, description="Its arguments by place; or one expression that gives a list."
    )
    kwargs: dict[str, Argument] | Expression = Field(
        default_factory=dict, description="Its arguments by name; or one expression that gives a map."
    )
    succeeded: Name | None = Field(None, description="The trigger of its receipt; the event brings `result`.")
    failed: Name | None = Field(
        None, description="The trigger when it failed or was given up; the event brings `error`."
    )
    retry: RetryDeclaration | None = Field(None, description="How it is tried again.")
    repeat: Literal["safe", "ask"] | None = Field(
        None,
        description="When no receipt has come: `safe`, it is sent again under the same key; `ask`, a person "
        "finds out what became of it. Left out: safe.",
    )


class Wording(_Part):
    """What a template says over one channel: texts in the language of `state_machines.templates.sandbox`."""

    title: Annotated[str, Field(min_length=1, max_length=300)] | None = Field(
        None, description="The subject of a message, the heading of a page."
    )
    words: Annotated[str, Field(min_length=1, max_length=8000)] | None = Field(
        None, description="What it says."
    )
    labels: dict[Name, Annotated[str, Field(min_length=1, max_length=300)]] = Field(
        default_factory=dict, description="Questions of the form on a link's page, by field."
    )


class TopicDeclaration(_Part):
    """Something that notices of this definition may be about, and what follows from it."""

    description: str = Field("", description="For whoever reads the definition.")
    audience: Literal["customer", "colleagues"] = Field(
        "customer",
        alias="for",
        description="A customer who could not be told needs a person; colleagues wait for no cap.",
    )
    urgent: bool = Field(False, description="No cap holds it up, and it goes as a message of its own.")
    by_person: bool = Field(
        False, description="Never by an automated voice; its templates use the value `what`, what went wrong."
    )
    priority: Literal["act", "answer", "inform"] = Field(
        "inform",
        description="What goes first when many wait: somebody must act, a customer waits for it, the rest.",
    )
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Wordings = dict[Language, dict[Name, Wording]]
"""By language and channel; ``default`` is every channel that has no words of its own."""


class LinkCall(_Part):
    """A signed link in a notice: its page asks one thing, and the answer is an event for this subject.

    Whoever holds the link may answer once, until it expires, without a login.
    """

    trigger: Name = Field(description="What the answer does.")
    data: dict[str, Argument] = Field(default_factory=dict, description="What the event brings in any case.")
    choices: Expression | None = Field(
        None,
        description="A list of `{data, label}` to choose from; instead of a label `from` and `to`, or `at`: "
        "instants, written as the reader writes them.",
    )
    ask: Fields = Field(default_factory=dict, description="A small form; its fields go into the event.")
    expires: Expression = Field(description="How long it may be followed: a duration, or an expression.")
    template: Name | None = Field(None, description="Title, words and labels of the page.")
    title: str | None = Field(None, description="Of the page, where no template says it.")
    words: str | None = Field(None, description="On the page, where no template says them.")


class NoticeCall(_Part):
    """A notice: to whom (one or a list), over which channel, about what, in which words.

    The words are `title` and `words`, or those of a `template` with its `values`.
    """

    to: Argument = Field(
        description="A person, or a list of them; nobody (null, an empty text) is no notice."
    )
    channel: str | None = Field(
        None, description="A registered channel, or `preferred`. Left out: the product's default."
    )
    about: str | None = Field(
        None, description="A word of `topics` or one of the product's. Left out: the product's default."
    )
    title: str | None = Field(None, description="Its subject, where no template says it.")
    words: str | None = Field(None, description="What it says, where no template says it.")
    template: Name | None = Field(None, description="Its words by name, from the files of words.")
    values: dict[Name, Argument] = Field(
        default_factory=dict, description="What the template shows: all that it uses, and no more."
    )
    links: dict[Name, LinkCall] = Field(
        default_factory=dict, description="Signed links; `{{ link.name }}` stands for one in the words."
    )
    context: dict[str, Argument] = Field(
        default_factory=dict, description="What a person who calls, or a webhook, is given besides the words."
    )
    failed: Name | None = Field(
        None, description="The trigger when it was given up: it cannot be sent. The event brings `error`."
    )
    retry: RetryDeclaration | None = Field(None, description="How it is tried again.")


class _Sent(_Part):
    """What is sent to another subject: `data`, before them fields of the event, before these our own."""

    data: dict[str, Argument] | Expression = Field(
        default_factory=dict, description="What the event brings; or one expression that gives a map."
    )
    copied: FieldNames = Field(
        default_factory=dict,
        alias="copy",
        description="Fields of the event to hand on, those that it brings.",
    )
    share: FieldNames = Field(
        default_factory=dict, description="Fields of the subject's own data to hand on, those that it has."
    )
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def brings(self) -> list[str]:
        """Those of `share` and `copy` that are used."""
        return [word for word, said in (("share", self.share), ("copy", self.copied)) if said]


class EmitCall(_Sent):
    """An event for `parent`, `children`, `self`, or for the subject with this key."""

    to: str = Field(description="`parent`, `children`, `self`, or an expression that gives a key.")
    trigger: str = Field(description="What the event is, by the receiver's word.")
    optional: bool = Field(False, description="The receiver need not know the trigger.")


class OpenCall(_Sent):
    """A new subject of another lifecycle, a child of this one."""

    lifecycle: Name = Field(description="Which.")
    trigger: Name = Field(description="The event that opens it.")
    id: str = Field(
        "=subject.lifecycle + '-' + subject.id + '-' + string(subject.seq)",
        description="The new subject's id; its key is `<lifecycle>:<id>`. Left out: one is made up.",
    )


class EffectDeclaration(_Part):
    """One effect: exactly one of task, notice, emit, open, forward; `when` guards it; `each` repeats it.

    `each` is an expression that gives a list; the effect is asked for once per item, which
    expressions see as ``item``.
    """

    task: TaskCall | None = Field(None, description="Run a task.")
    notice: NoticeCall | None = Field(None, description="Tell somebody something.")
    emit: EmitCall | None = Field(None, description="Send an event to another subject.")
    open: OpenCall | None = Field(None, description="Open a subject of another lifecycle.")
    forward: str | None = Field(
        None, description="To whom the event is sent on as it came: parent, children, or a subject's key."
    )
    do: "list[EffectDeclaration] | None" = Field(None, description="Several, as a macro stands for them.")
    when: Expression | None = Field(None, description="Only if this holds, of what the decision has changed.")
    each: Expression | None = Field(None, description="A list: once for each element, which is `item`.")


class AnyTimeout(_Part):
    """What every durable timeout says, of whatever kind: where it runs and which trigger it gives."""

    states: Names = Field(
        default_factory=list,
        alias="in",
        description="The states in which it runs; moving between them does not restart it.",
    )
    paused_in: Names = Field(default_factory=list, description="States of `in` in which it stands still.")
    calendar: Name | None = Field(None, description="The business hours in which it counts.")
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
    unset: Annotated[list[Name], BeforeValidator(_listed)] | None = Field(
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
    source: Annotated[list[str], BeforeValidator(_listed)] = Field(
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
    share: Annotated[list[Dimension], BeforeValidator(_listed)] = Field(
        default_factory=list, description="What fields of the data by these names say, if they are there."
    )

    def texts(self) -> dict[str, str]:
        """The expressions that are given, by name, without a leading ``=``."""
        said = {name: text.removeprefix("=") for name, text in self if isinstance(text, str)}
        return {**{name: f"data.?{name}" for name in self.share}, **said}


class Definition(_Part):
    """A versioned, immutable definition of a state machine."""

    edition: Literal[1, 2] = Field(1, description="Of the language of lifecycles.")
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
    guards: dict[Name, Expression] = Field(
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
