"""What the form of a definition is made of: parts with a closed set of fields, and texts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ExpressionText = Annotated[str, Field(min_length=1, max_length=4000)]
"""The text of a CEL expression, as it is written."""


LONGEST_EXPRESSION = 160
"""Characters of an expression of the second edition, which is read aloud."""


class Part(BaseModel):
    """A part of the form: it has its fields and no others, and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
