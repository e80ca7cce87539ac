"""Regular expressions by RE2, as CEL has them: they take time that grows with the text, whatever they say."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

from state_machines.expressions.bounded.kinds import no_overload
from state_machines.expressions.bounded.run import Failed, Run, spend_steps

_STEPS_OF_A_PATTERN = 20
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def matches(text: Any, pattern: Any, run: Run) -> bool:
    """``text.matches(pattern)``: whether a part of the text is of this form."""
    if type(text) is not str or type(pattern) is not str:
        raise no_overload("matches", text, pattern)
    spend_steps(run, _STEPS_OF_A_PATTERN + (len(text) + len(pattern) >> 4))
    return _compiled(pattern).search(text) is not None


def searched(pattern: str) -> Callable[[Any, Run], bool]:
    """``text.matches(pattern)`` for one pattern."""
    return lambda text, run: matches(text, pattern, run)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        said = error.args[0] if error.args else error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise Failed(f"{pattern!r} is no regular expression: {words}") from None
