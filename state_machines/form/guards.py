"""Conditions by name: a condition alone, or with the sentence for whoever it refuses."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from state_machines.values.written import ExpressionText as Expression
from state_machines.values.written import Part


class GuardDeclaration(Part):
    """A condition by name, and the sentence that whoever is refused by it is told."""

    condition: Expression = Field(
        alias="if", description="The condition; alone it may stand for all of this."
    )
    says: Annotated[str, Field(min_length=1, max_length=300)] | None = Field(
        None,
        description="Why it is refused where this does not hold, in a sentence for whoever asked; or an "
        "expression that gives one, which quotes nothing that may be personal.",
    )
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _alone(value: Any) -> Any:
    """A guard may be its condition alone."""
    return {"if": value} if isinstance(value, str) else value


Guard = Annotated[
    GuardDeclaration, BeforeValidator(_alone, json_schema_input_type=Expression | GuardDeclaration)
]
"""A guard as it may be written."""
