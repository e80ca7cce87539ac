"""What a decision may ask for: the form of effects."""

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from state_machines.form.fields import Fields
from state_machines.form.names import Argument, Duration, ErrorRule, FieldNames, Name, listed
from state_machines.values.written import ExpressionText as Expression
from state_machines.values.written import Part as _Part


class RetryDeclaration(_Part):
    """How often and how soon a task or a notice that failed is tried again.

    The pauses double, in real time. What is left open is the lifecycle's way, then the installation's.
    """

    attempts: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Attempts in all; 1: never again."
    )
    first: Duration | None = Field(None, description="The pause after the first attempt (ISO 8601).")
    longest: Duration | None = Field(None, description="The longest pause (ISO 8601).")
    not_on: Annotated[list[ErrorRule], BeforeValidator(listed)] = Field(
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
    repeat: Annotated[str, Field(pattern=r"^(safe|ask)$|^=")] | None = Field(
        None,
        description="When no receipt has come: `safe`, it is sent again under the same key; `ask`, a person "
        "finds out what became of it. Or an expression that gives one of the two. Left out: safe.",
    )


class LinkCall(_Part):
    """A signed link in a notice: its page asks one thing, and the answer is an event for one subject.

    Whoever holds the link may answer once, until it expires, without a login. One with `page` alone is not
    signed and asks nothing: it leads to a page of this installation.
    """

    trigger: Name | None = Field(None, description="What the answer does.")
    page: Argument | None = Field(
        None,
        description="Path of a page to lead to, such as `/v1/cases/17/packet`; none (null, '') is no link.",
    )
    subject: Argument | None = Field(
        None,
        description="Key of another subject whose event the answer becomes; none (null, '') is no link.",
    )
    receiver: Name | None = Field(
        None,
        description="Field of the event in which whoever the notice is sent to stands, as `to` names them.",
    )
    data: dict[str, Argument] = Field(default_factory=dict, description="What the event brings in any case.")
    choices: Expression | None = Field(
        None,
        description="A list of `{data, label}` to choose from; instead of a label `from` and `to`, or `at`: "
        "instants, written as the reader writes them.",
    )
    ask: Fields = Field(default_factory=dict, description="A small form; its fields go into the event.")
    expires: Expression | None = Field(
        None, description="How long it may be followed: a duration, or an expression."
    )
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
    name: str | None = Field(
        None,
        description="By which `recall` calls it while it has not gone out.",
    )
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
    """One effect: exactly one of task, notice, recall, emit, open, forward; `when` guards it; `each`
    repeats it.

    `each` is an expression that gives a list; the effect is asked for once per item, which
    expressions see as ``item``.
    """

    task: TaskCall | None = Field(None, description="Run a task.")
    notice: NoticeCall | None = Field(None, description="Tell somebody something.")
    recall: str | None = Field(
        None,
        description="The `name` of notices: those that earlier decisions of the subject asked for, and that "
        "have not gone out yet, do not go.",
    )
    emit: EmitCall | None = Field(None, description="Send an event to another subject.")
    open: OpenCall | None = Field(None, description="Open a subject of another lifecycle.")
    forward: str | None = Field(
        None, description="To whom the event is sent on as it came: parent, children, or a subject's key."
    )
    do: "list[EffectDeclaration] | None" = Field(None, description="Several, as a macro stands for them.")
    when: Expression | None = Field(None, description="Only if this holds, of what the decision has changed.")
    each: Expression | None = Field(None, description="A list: once for each element, which is `item`.")
