"""How the effects of a definition are tried again: from what is declared to what travels with an effect."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from state_machines.compilation.compilation import Compilation
from state_machines.form.effects import RetryDeclaration
from state_machines.subject import NOTHING
from state_machines.values.durations import format_duration, parse_duration
from state_machines.values.time_errors import TimeError

_LONGEST = timedelta(days=366)
_PAUSES = ("first", "longest")


def compile_retry(
    compilation: Compilation,
    declared: RetryDeclaration | None,
    field: str,
    default: Mapping[str, Any] = NOTHING,
) -> Mapping[str, Any]:
    """The rule of an effect as plain JSON, with only what is said; problems go to the compilation.

    Args:
        declared: what the effect, or the lifecycle, says.
        field: where that stands.
        default: the lifecycle's rule, for what an effect leaves open.
    """
    if declared is None:
        return default
    said = declared.model_dump(exclude_none=True, exclude_unset=True)
    pauses = {
        name: pause
        for name in _PAUSES
        if name in said and (pause := _pause(compilation, said.pop(name), f"{field}.{name}")) is not None
    }
    if len(pauses) == 2 and pauses["longest"] < pauses["first"]:
        message = f"the longest pause, {declared.longest}, is shorter than the first, {declared.first}"
        compilation.problem(f"{field}.longest", "retry-order", message)
    kept = {name: value for name, value in default.items() if not _contradicts(name, value, pauses)}
    return {**kept, **said, **{name: format_duration(pause) for name, pause in pauses.items()}}


def _contradicts(name: str, value: Any, pauses: Mapping[str, timedelta]) -> bool:
    """Whether the lifecycle's first or longest pause cannot be with what an effect says of the other."""
    if name == "first" and "longest" in pauses:
        return parse_duration(value) > pauses["longest"]
    if name == "longest" and "first" in pauses:
        return parse_duration(value) < pauses["first"]
    return False


def _pause(compilation: Compilation, text: str, field: str) -> timedelta | None:
    try:
        pause = parse_duration(text)
    except TimeError as error:
        compilation.time_error(field, error)
        return None
    if not timedelta(0) < pause <= _LONGEST:
        message = f"a pause is longer than zero and not longer than {_LONGEST.days} days, this is {text}"
        compilation.problem(field, "retry-pause", message)
        return None
    return pause
