"""What notices say, and what they are about: the form of templates and topics."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from state_machines.form.names import Language, Name
from state_machines.values.written import Part as _Part


class Wording(_Part):
    """What a template says over one channel: texts in the language of `state_machines.templates.language`."""

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
