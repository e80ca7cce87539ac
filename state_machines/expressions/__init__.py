"""CEL expressions: what definitions say about data, compiled once and evaluated in every decision."""

from state_machines.expressions.expression import (
    ABSENT,
    Expression,
    check_types,
    compile_expression,
    references,
)

__all__ = [
    "ABSENT",
    "Expression",
    "check_types",
    "compile_expression",
    "references",
]
